import { type Arguments, checkArguments } from "../agent/gate.ts";
import { type Decider, nameOf } from "../approval/decision.ts";
import type { JsonObject } from "../approval/record.ts";
import { shapeOf } from "../tools/input-fields.ts";
import type { Tool } from "../tools/tool.ts";
import type { Entry } from "./entry.ts";
import { askedFields, close, ended, turnDown } from "./question.ts";
import { apply, applyAll } from "./fold.ts";
import { type CallState, known, type RunState } from "./state.ts";

/** Why an answer cannot be taken; `fields` by the fields that were filled in. */
export interface Invalid {
  kind: "invalid";
  message: string;
  fields?: Record<string, string>;
}

/** The run's own user answers the calls that wait for them: tools that pause without an approval. */
export interface UserAnswer {
  tool_call_id: string;
  /** The requirement that it is an answer to, where the caller names it: of two calls, only this is told apart. */
  id?: string | null | undefined;
  /** The member's run that the call is of, where the answer is given to a team. */
  member_run_id?: string | null | undefined;
  confirmed?: boolean | null | undefined;
  confirmation_note?: string | null | undefined;
  /** True where fields that are left empty are meant to be. */
  answered?: boolean | null | undefined;
  user_input_schema?: { name: string; value?: JsonObject[string] }[] | null | undefined;
  result?: JsonObject[string];
}

/** What the run's own user sends at once. */
export interface UserRequest {
  answers: readonly UserAnswer[];
  requestId?: string;
  /** Who sends it, as far as the credential proves it. A Worker of before does not say. */
  principal?: Pick<Decider, "principal" | "shared" | "name">;
}

/** Whether this request has answered something: what was asked since is not what its sender saw. */
export function hasAnswered({ calls }: RunState, requestId: string | undefined): boolean {
  return (
    requestId !== undefined &&
    [...calls.values()].some(({ answeredBy }) => answeredBy.includes(requestId))
  );
}

/** Only the decision fields of an answer count: its arguments, if it has any, are never read. */
export function answerAsUser(
  state: RunState,
  { answers, principal, requestId }: UserRequest,
  { nowMs, tools }: { nowMs: number; tools: ReadonlyMap<string, Tool> },
): { entries: Entry[] } | Invalid {
  const entries: Entry[] = [];
  const row = { seq: state.seq + 1, atMs: nowMs };
  let now = state;
  for (const call of state.calls.values()) {
    if (call.phase !== "waiting" || call.approvalId !== null) continue;
    const given = answers.find((answer) => isFor(answer, call, state.id));
    if (given === undefined) continue;
    const answered: Entry = {
      kind: "call_answered",
      callId: call.id,
      confirmed: given.confirmed !== false,
      note: given.confirmation_note ?? null,
      by: principal === undefined ? state.userId : nameOf({ ...principal, claim: state.userId }),
      ...(requestId !== undefined && { requestId }),
    };
    const after = apply(now, answered, row);
    const said = asUser(after, known(after.calls, call.id), given, tools.get(call.toolName));
    if ("kind" in said) return said;
    if (said.entries.length === 0) continue;
    entries.push(answered, ...said.entries);
    now = applyAll(after, said.entries, row);
  }
  return { entries };
}

/** Whether the answer is for this call of this run: members of one team may have calls whose ids, as models give them, are alike. */
export function isFor(answer: UserAnswer, call: CallState, runId: string): boolean {
  const requirement = answer.id ?? null;
  if (requirement !== null) return requirement === call.key;
  if ((answer.member_run_id ?? runId) !== runId) return false;
  return answer.tool_call_id === call.toolCallId || answer.tool_call_id === call.id;
}

/** What comes of a user's answer; nothing where it is none. */
function asUser(
  state: RunState,
  call: CallState,
  given: UserAnswer,
  tool: Tool | undefined,
): { entries: Entry[] } | Invalid {
  const note = given.confirmation_note ?? null;
  if (given.confirmed === false)
    return { entries: close(state, call, tool, turnDown(null, call, note)) };
  const released = {
    kind: "call_released",
    callId: call.id,
    key: call.key,
    toolVersion: call.toolVersion ?? "",
  } as const;
  if (call.pauseType === "confirmation") {
    if (given.confirmed !== true) return { entries: [] };
    return { entries: [{ ...released, args: call.args ?? {} }] };
  }
  if (call.pauseType === "external_execution") {
    if (given.result === undefined || given.result === null) return { entries: [] };
    const handed = handedIn({ result: given.result });
    if (handed.kind !== "result") return handed;
    return { entries: close(state, call, tool, ended(call, "succeeded", handed.result)) };
  }
  const values = given.user_input_schema ?? [];
  // What comes back as it was sent, still empty, answers nothing.
  const isEmpty = values.every(({ value = null }) => value === null);
  if (isEmpty && given.answered !== true) return { entries: [] };
  const filled = fillIn(call, call.args ?? {}, { values: meant(values, call, tool) }, tool);
  if (filled.kind === "invalid") return filled;
  return { entries: [{ ...released, args: filled.args }] };
}

/** A form of a client's sends every field: one that may be left out, and cannot be null, was left out where it is null. */
function meant(
  values: NonNullable<UserAnswer["user_input_schema"]>,
  call: CallState,
  tool: Tool | undefined,
): Arguments {
  const optional = new Set(
    askedFields(call, tool)
      .filter(({ required, schema }) => !required && !shapeOf(schema).nullable)
      .map(({ name }) => name),
  );
  return Object.fromEntries(
    values
      .filter(({ name, value = null }) => value !== null || !optional.has(name))
      .map(({ name, value = null }) => [name, value]),
  );
}

/** The most bytes that a result takes as JSON: it is told to the model, and shown in the approval's record. */
export const maxResultBytes = 256 * 1024;

export function handedIn({
  result,
}: Record<string, unknown>): { kind: "result"; result: string } | Invalid {
  const text = typeof result === "string" ? result : JSON.stringify(result);
  if (new TextEncoder().encode(JSON.stringify(text)).length > maxResultBytes) {
    return { kind: "invalid", message: `The result is larger than ${maxResultBytes / 1024} KiB.` };
  }
  return { kind: "result", result: text };
}

/** The fields that a person was asked for are filled in; no other argument can be touched this way. */
export function fillIn(
  call: CallState,
  args: Arguments,
  data: Record<string, unknown>,
  tool: Tool | undefined,
): { kind: "filled"; args: Arguments } | Invalid {
  if (tool === undefined)
    return { kind: "invalid", message: `The tool '${call.toolName}' no longer exists.` };
  const { note: _, ...rest } = data;
  const values = (
    typeof data["values"] === "object" && data["values"] !== null ? data["values"] : rest
  ) as Arguments;
  const open = askedFields(call, tool).map(({ name }) => name);
  const stranger = Object.keys(values).find((field) => !open.includes(field));
  if (stranger !== undefined) {
    return {
      kind: "invalid",
      message: `'${stranger}' is not a field to fill in. Fields: ${open.join(", ")}.`,
    };
  }
  // What the model wrote into a field that it leaves to a person is a suggestion, and nobody's answer.
  const own = Object.entries(args).filter(([field]) => !open.includes(field));
  const checked = checkArguments(tool, { ...Object.fromEntries(own), ...values });
  if (!checked.ok) {
    const { message, fields } = checked;
    return { kind: "invalid", message, ...(fields !== undefined && { fields }) };
  }
  // Only what was filled in is taken over: the others stay as they were shown, whatever checking them again may do.
  const filled = Object.entries(checked.value).filter(([field]) => open.includes(field));
  return { kind: "filled", args: { ...Object.fromEntries(own), ...Object.fromEntries(filled) } };
}
