import type { Agent } from "../agent/agent.ts";
import { permit } from "../agent/gate.ts";
import { isGated, type Reconciliation, schemaForModel, type Tool } from "../tools/tool.ts";
import { validate } from "../tools/schema.ts";
import type { Approval, ToolContext } from "../tools/context.ts";
import { KernError, messageOf } from "../errors.ts";
import type { ModelMessage, ModelReply } from "../models/model.ts";
import { maxResultBytes } from "./answer.ts";
import type { Entry } from "./entry.ts";
import type { Task } from "./plan.ts";
import {
  ask,
  cancelledText,
  candidateOf,
  close,
  ended,
  type Setting,
  unknown,
} from "./question.ts";
import { findingsOf } from "./findings.ts";
import { type Elsewhere, finish, receive } from "./reply.ts";
import { type CallState, known, type RunState } from "./state.ts";
import { transcript } from "./view.ts";

/** What a piece of work is handed beside the run. */
export interface Hands {
  agent: Agent;
  env: unknown;
  signal: AbortSignal;
  onText: (text: string) => void;
  /** What people turned down in other runs of the team. */
  turnedDown: (toolNames: readonly string[]) => Promise<Elsewhere>;
  /** Reads the kill switch. */
  killSwitchIsOff: () => Promise<boolean>;
  /** The run as it is by now, and what planning needs: both move while a tool is at work. */
  now: () => { state: RunState; setting: Setting };
}

/** How often the model may fail at one step before the run ends in error. */
const maxModelFailures = 5;
/** The most bytes of text that one answer of a model's may hold. */
const maxContentBytes = 512 * 1024;
const maxCallsPerStep = 64;

/**
 * What a piece of work came to, as entries for the run as it is when they are stored: other work may have ended in
 * between, and numbers that are given out twice would make two approvals one.
 */
export type Outcome = (state: RunState, setting: Setting) => Entry[];

/** Does the work and says what it came to; to store that is the caller's, if the attempt is still its own. */
export async function perform(launch: Task, hands: Hands): Promise<Outcome> {
  return launch.kind === "model"
    ? askModel(hands)
    : callTool(launch.callId, launch.reconcile, hands);
}

async function askModel({ agent, env, signal, onText, now, turnedDown }: Hands): Promise<Outcome> {
  const { state } = now();
  try {
    const reply = await agent.model.complete({
      messages: conversation(state, agent),
      tools: [...agent.tools.values()].map((tool) => ({
        name: tool.name,
        description: tool.description,
        parameters: schemaForModel(tool),
      })),
      env,
      local: state.local,
      signal,
      onText,
    });
    checkReply(reply);
    const [elsewhere, findings] = await Promise.all([
      turnedDown(reply.toolCalls.map(({ name }) => name)),
      findingsOf(reply, { agent, env, signal, state }),
    ]);
    return (after, setting) => receive(after, reply, agent, setting, elsewhere, findings);
  } catch (error) {
    const failures = (state.steps.at(-1)?.failures ?? 0) + 1;
    const again =
      (!(error instanceof KernError) || error.code === "model_unavailable") &&
      failures < maxModelFailures;
    const waitMs = Math.max(
      backOffMs(failures),
      error instanceof KernError ? (error.retryAfterMs ?? 0) : 0,
    );
    const text = messageOf(error).slice(0, 1000);
    return (_, { nowMs }) => {
      const retryAtMs = again ? nowMs + Math.min(waitMs, 10 * 60_000) : null;
      return [{ kind: "step_failed", error: text, retryAtMs }];
    };
  }
}

/** One second, doubled with every failure, give or take a quarter. */
function backOffMs(failures: number): number {
  return Math.round(1000 * 2 ** (failures - 1) * (0.75 + Math.random() / 2));
}

function checkReply(reply: ModelReply): void {
  const bytes =
    byteLength(reply.content) +
    reply.toolCalls.reduce((sum, call) => sum + byteLength(call.arguments), 0);
  if (bytes > maxContentBytes) {
    throw new KernError(
      "model_refused",
      `The model's answer is larger than ${maxContentBytes / 1024} KiB.`,
    );
  }
  if (reply.toolCalls.length > maxCallsPerStep) {
    throw new KernError(
      "model_refused",
      `The model asked for ${reply.toolCalls.length} calls at once; at most ${maxCallsPerStep} are taken.`,
    );
  }
}

function conversation(state: RunState, agent: Agent): ModelMessage[] {
  const system = agent.instructions.join("\n");
  const history = (state.history ?? []).flatMap(({ input, output }): ModelMessage[] => [
    { role: "user", content: input },
    { role: "assistant", content: output, toolCalls: [] },
  ]);
  const messages = transcript(state).map((message): ModelMessage => {
    if (message.role === "user") return { role: "user", content: message.content };
    if (message.role === "tool")
      return { role: "tool", toolCallId: message.tool_call_id ?? "", content: message.content };
    const toolCalls = (message.tool_calls ?? []).map(
      ({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text }),
    );
    return { role: "assistant", content: message.content, toolCalls };
  });
  const said = [...history, ...messages];
  return system === "" ? said : [{ role: "system", content: system }, ...said];
}

/** Every execution of a tool goes through here, and no further than the gate lets it. */
async function callTool(callId: string, reconcile: boolean, hands: Hands): Promise<Outcome> {
  const before = known(hands.now().state.calls, callId);
  const tool = hands.agent.tools.get(before.toolName);
  if (reconcile && tool?.reconcile) {
    const found = await askTool(tool, before, hands);
    if (found.status === "done") return told(tool, callId, found.result);
    if (found.status === "unknown") return interrupted(callId);
    // Asking took its time. What stays as it is is recovered once the switch is off.
    if (!(await hands.killSwitchIsOff())) return () => [];
  }
  const { state, setting } = hands.now();
  const call = known(state.calls, callId);
  if (state.ended !== null) {
    return (after) => close(after, call, tool, ended(call, "cancelled", cancelledText));
  }
  const verdict = permit(hands.agent.tools, candidateOf(state, call), setting.nowMs);
  if (verdict.kind === "refuse")
    return (after) => close(after, call, tool, ended(call, "refused", verdict.reason));
  if (verdict.kind === "ask") {
    return (after, moment) => ask(after, call, verdict.verdict, moment, verdict.reason);
  }
  return execute(verdict.tool, call, hands);
}

async function execute(tool: Tool, call: CallState, hands: Hands): Promise<Outcome> {
  try {
    // What somebody said yes to is handed over as they saw it, also where the tool may transform by now.
    const wasAsked = call.approvalId !== null || call.userConfirmed;
    const args =
      wasAsked || isGated(tool) || tool.approval !== null
        ? structuredClone(call.args ?? {})
        : transformed(tool, call);
    const result = await bounded(tool, hands, (signal) =>
      tool.execute(args, context(call, signal, hands)),
    );
    return told(tool, call.id, result);
  } catch (error) {
    if (error instanceof TimeoutError && tool.effect !== "idempotent") return interrupted(call.id);
    return finished(tool, call.id, "failed", `Error: ${messageOf(error).slice(0, 4000)}`);
  }
}

/** The tool has done its work: its result is told, or why it cannot be. */
function told(tool: Tool, callId: string, result: unknown): Outcome {
  let text: string;
  try {
    text = textOf(result);
  } catch (error) {
    const reason = `The tool was executed, but its result is not JSON: ${messageOf(error)}`;
    return finished(tool, callId, "failed", reason);
  }
  const bytes = byteLength(JSON.stringify(text));
  if (bytes <= maxResultBytes) return finished(tool, callId, "succeeded", text);
  const reason = `The tool was executed, but its result of ${bytes} bytes is larger than ${maxResultBytes / 1024} KiB and was dropped.`;
  return finished(tool, callId, "failed", reason);
}

function finished(
  tool: Tool,
  callId: string,
  outcome: "succeeded" | "failed",
  result: string,
): Outcome {
  return (state) => finish(state, known(state.calls, callId), tool, outcome, result);
}

function interrupted(callId: string): Outcome {
  return (state, setting) => unknown(state, known(state.calls, callId), setting);
}

async function askTool(tool: Tool, call: CallState, hands: Hands): Promise<Reconciliation> {
  try {
    return await bounded(tool, hands, async (signal) => {
      return (
        (await tool.reconcile?.(call.key, context(call, signal, hands))) ?? { status: "unknown" }
      );
    });
  } catch {
    return { status: "unknown" };
  }
}

class TimeoutError extends Error {}

/** Runs a tool's code for as long as the tool may take; a run that is cancelled aborts the signal, but waits for the tool. */
async function bounded<T>(
  tool: Tool,
  hands: Hands,
  code: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const timeout = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TimeoutError(`The tool did not answer within ${tool.timeoutMs} ms.`);
      timeout.abort(error);
      reject(error);
    }, tool.timeoutMs);
  });
  try {
    return await Promise.race([code(AbortSignal.any([hands.signal, timeout.signal])), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** An ungated tool's arguments are kept as the model sent them, because parsing may turn them into what is not JSON. */
function transformed(tool: Tool, call: CallState): Record<string, unknown> {
  const parsed = validate(tool.parameters, call.args);
  if (!parsed.ok) throw new KernError("invalid_request", parsed.message);
  return parsed.value;
}

function context(call: CallState, signal: AbortSignal, { agent, env, now }: Hands): ToolContext {
  const { state } = now();
  const found = call.approvalId === null ? undefined : state.approvals.get(call.approvalId);
  const approval: Approval | null =
    found?.status === "approved"
      ? {
          id: found.id,
          status: "approved",
          resolvedBy: found.resolvedBy,
          resolvedAtMs: found.resolvedAtMs ?? 0,
          resolutionData: found.data,
        }
      : null;
  return {
    runId: state.id,
    sessionId: state.sessionId,
    userId: state.userId,
    agentId: agent.id,
    callId: call.id,
    idempotencyKey: call.key,
    signal,
    env: env as Cloudflare.Env,
    approval,
  };
}

function textOf(result: unknown): string {
  if (typeof result === "string") return result;
  // What JSON has no word for (nothing, a function) is told as nothing.
  return (JSON.stringify(result) as string | undefined) ?? "";
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
