import { callHash, canonicalJson, questionHash } from "../approval/call-hash.ts";
import type { ApprovalStatus, PauseType } from "../approval/record.ts";
import { messageOf } from "../errors.ts";
import { parseStrictJson } from "../tools/json.ts";
import { type Validation, validate, withOpen } from "../tools/schema.ts";
import { type ApprovalPolicy, isGated, type Tool } from "../tools/tool.ts";

/** The most bytes of JSON that one call's arguments may take. */
export const maxArgumentBytes = 128 * 1024;

export type Arguments = Record<string, unknown>;

/** What the gate says of a call that the model asked for. */
export type Verdict =
  | { kind: "run"; args: Arguments; toolVersion: string }
  | {
      kind: "ask";
      args: Arguments;
      toolVersion: string;
      pauseType: PauseType;
      policy: ApprovalPolicy | null;
    }
  | { kind: "refuse"; reason: string };

/**
 * The first half of the gate: what shall become of a call, by the tool as it is now. Nothing that the model wrote is
 * believed: what cannot be parsed, names no tool or breaks the tool's parameters is refused with a reason for the model.
 * `refusals` maps the questions that a person has turned down in this run, or in its team, to what the model was told then.
 */
export function judge(
  tools: ReadonlyMap<string, Tool>,
  call: { name: string; arguments: string },
  refusals: ReadonlyMap<string, string>,
): Verdict {
  const tool = tools.get(call.name);
  if (tool === undefined) {
    const names = [...tools.keys()].join(", ") || "none";
    return { kind: "refuse", reason: `Unknown tool '${clip(call.name, 64)}'. Tools: ${names}.` };
  }
  const checked = readArguments(tool, call.arguments);
  // The reason may quote what the model wrote, which may be long.
  if (!checked.ok) return { kind: "refuse", reason: clip(checked.message, 2000) };
  const args = checked.value;
  // Also where the tool asks nobody: another member's tool of this name must not do what a person turned down.
  const earlier = questions(tool, args).find((question) => refusals.has(question));
  if (earlier !== undefined) return { kind: "refuse", reason: refusals.get(earlier) ?? "" };
  const pauseType = pauseTypeOf(tool);
  if (pauseType === null) return { kind: "run", args, toolVersion: tool.version };
  return {
    kind: "ask",
    args,
    toolVersion: tool.version,
    pauseType,
    policy: tool.approval?.type === "required" ? tool.approval : null,
  };
}

const tooLarge = {
  ok: false,
  message: `The arguments are larger than ${maxArgumentBytes / 1024} KiB.`,
} as const;

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function clip(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/** Parses what the model wrote into the value that is stored, shown, hashed and executed. */
function readArguments(tool: Tool, text: string): Validation<Arguments> {
  if (byteLength(text) > maxArgumentBytes) return tooLarge;
  try {
    const input = parseStrictJson(text.trim() === "" ? "{}" : text);
    return checkArguments(tool, input, tool.requiresUserInput ? tool.userInputFields : []);
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

/** Checks arguments by the tool's parameters; those in `open` may be missing, because a person fills them in. */
export function checkArguments(
  tool: Tool,
  input: unknown,
  open: readonly string[] = [],
): Validation<Arguments> {
  const checked = validate(withOpen(tool.name, tool.parameters, open), input);
  if (!checked.ok) return checked;
  try {
    // An ungated tool may transform: its arguments are kept as they were sent, and parsed again when it runs.
    const value = isGated(tool) || tool.approval !== null ? checked.value : input;
    const text = canonicalJson(value);
    if (byteLength(text) > maxArgumentBytes) return tooLarge;
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

/** The same question, as it was asked and as the tool completes it: somebody else was perhaps shown its defaults. */
function questions(tool: Tool, args: Arguments): string[] {
  const asked = questionHash(tool.name, args);
  const parsed = validate(tool.parameters, args);
  if (!parsed.ok) return [asked];
  try {
    return [asked, questionHash(tool.name, parsed.value)];
  } catch {
    // What the tool makes of them is not JSON, and nobody can have been shown it.
    return [asked];
  }
}

/** Whether a tool's policy can do without an approval at all: it may only where nothing else is wanted of a person. */
export function isWaivable(tool: Tool): boolean {
  return (
    tool.requiresConfirmation &&
    tool.approval?.type === "required" &&
    typeof tool.approval.when === "function"
  );
}

function pauseTypeOf(tool: Tool): PauseType | null {
  if (tool.requiresConfirmation) return "confirmation";
  if (tool.requiresUserInput) return "user_input";
  return tool.externalExecution ? "external_execution" : null;
}

/** A call that wants to start, with what allows it. */
export interface Candidate {
  runId: string;
  /** The call's key: its own identity, and that of the retry where a person allowed one. */
  key: string;
  toolName: string;
  toolVersion: string;
  args: Arguments;
  /** The call's own user said yes (a tool that pauses without an approval). */
  userConfirmed: boolean;
  /** The policy asked for no approval of these arguments. */
  waived?: boolean;
  approval: {
    status: ApprovalStatus;
    argsHash: string;
    resolvedAtMs: number | null;
    useWithinMs: number;
    consumedBy: string | null;
  } | null;
}

/** Whether a call may start: yes; ask a person anew, and why; or never, with what the model is told. */
export type Permit =
  | { kind: "go"; tool: Tool }
  | {
      kind: "ask";
      reason: "tool_changed" | "approval_stale" | "approval_required";
      verdict: Verdict & { kind: "ask" };
    }
  | { kind: "refuse"; reason: string };

/**
 * The second half of the gate, and the one choke point of every execution: asked right before a call starts, by the tool
 * as it is then. A gated tool goes only with an approved record for exactly this call and exactly these arguments.
 */
export function permit(tools: ReadonlyMap<string, Tool>, call: Candidate, nowMs: number): Permit {
  const tool = tools.get(call.toolName);
  if (tool === undefined)
    return { kind: "refuse", reason: `The tool '${call.toolName}' no longer exists.` };
  const approval = call.approval;
  const held =
    approval !== null &&
    approval.status === "approved" &&
    (approval.consumedBy === null || approval.consumedBy === call.key) &&
    approval.argsHash === callHash({ ...call, callId: call.key });
  if (approval !== null && !held)
    return { kind: "refuse", reason: "The approval does not cover this call." };
  const changed = tool.version !== call.toolVersion;
  // What a person said yes to is run by the tool that they were asked about, also where nobody is asked any more.
  const wasAsked = approval !== null || call.userConfirmed;
  if (!isGated(tool) && !(wasAsked && changed)) return { kind: "go", tool };
  const covered =
    held ||
    (tool.approval?.type !== "required" && call.userConfirmed) ||
    (call.waived === true && approval === null && isWaivable(tool));
  const stale =
    approval !== null &&
    approval.consumedBy === null &&
    nowMs > (approval.resolvedAtMs ?? 0) + approval.useWithinMs;
  // What somebody else executes is never executed here, though it was asked about when the tool was still kern's to run.
  if (covered && !stale && !changed && !tool.externalExecution) return { kind: "go", tool };
  const again = judge(tools, { name: tool.name, arguments: canonicalJson(call.args) }, new Map());
  if (again.kind === "refuse") return again;
  if (again.kind === "run") return { kind: "refuse", reason: "The tool has changed." };
  return {
    kind: "ask",
    reason: changed ? "tool_changed" : stale ? "approval_stale" : "approval_required",
    verdict: again,
  };
}
