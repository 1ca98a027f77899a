import { callHash, canonicalJson } from "../../../../src/approval/call-hash.ts";
import type { Decision } from "../../../../src/approval/decision.ts";
import type { ApprovalRecord, JsonObject } from "../../../../src/approval/record.ts";
import type { ModelMessage, ModelReply } from "../../../../src/models/model.ts";
import type { Tool, ToolContext } from "../../../../src/tools/tool.ts";
import type { Judge } from "./judge.ts";
import { expiresInMs, useWithinMs } from "./toolbox.ts";

export interface Called {
  key: string;
  callId: string;
  toolName: string;
  args: string;
  effect: Tool["effect"];
  approvalId: string | null;
  answered: boolean;
}

/** The texts that the model is told of a call that was, or may have been, executed. */
const executedTexts = /^(took effect |Error: |by hand|The outcome of this call is unknown)/;

/** What must hold of the tools' calls: by what the tools got, what was decided, and what the model said and was told. */
export class CallJudge {
  readonly made: Called[] = [];
  readonly #told = new Map<string, string>();
  readonly #said = new Map<string, { name: string; args: JsonObject | null }[]>();
  readonly #effects = new Set<string>();
  readonly #judge: Judge;
  readonly #runId: string;
  /** The turn in which an instance was last told that the kill switch is off. */
  #offTurn = 0;

  constructor(judge: Judge, runId: string) {
    this.#judge = judge;
    this.#runId = runId;
  }

  /** A call leaves for its tool: A1, A3, A6, D1, D2, D3. */
  called({
    args,
    atMs,
    ctx,
    tool,
    turn,
  }: {
    tool: Tool;
    args: JsonObject;
    ctx: ToolContext;
    atMs: number;
    turn: number;
  }): void {
    const { callId, idempotencyKey: key } = ctx;
    const text = canonicalJson(args);
    const describe = (): string =>
      `${tool.name} ${key} ${text} under ${ctx.approval?.id ?? "nothing"}`;
    const under = (rule: string, holds: boolean): void => this.#judge.check(rule, holds, describe);
    const before = this.made.filter((call) => call.key === key);
    const approvalId = ctx.approval?.id ?? null;
    under(
      "D1 a call has a key of its own",
      key.split("~")[0] === callId && ctx.runId === this.#runId,
    );
    for (const call of before) {
      const same = call.callId === callId && call.toolName === tool.name && call.args === text;
      // What began when nobody had to be asked may go on under its key when somebody was.
      under("D1 one key is one call", same && [null, approvalId].includes(call.approvalId));
      under("D2 a once-call is called once", call.effect !== "once" && tool.effect === call.effect);
    }
    under("D3 nothing is executed after its result was told", !this.#told.has(callId));
    const closed = this.#judge.shown(key).some(({ call_outcome }) => call_outcome !== null);
    under("D3 nothing is executed after its end was shown", !closed);
    under("A1 what others execute is never executed here", !tool.externalExecution);
    under(
      "A10 a gated call starts as its instance hears that the kill switch is off",
      this.#offTurn === turn || (ctx.approval === null && !asksFirst(tool)),
    );
    if (ctx.approval !== null)
      this.#checkApproved(ctx.approval.id, {
        args: text,
        atMs,
        describe,
        key,
        isFirst: before.length === 0,
        tool,
      });
    else {
      under("A1 a gated tool runs under an approval", tool.approval?.type !== "required");
      under(
        "A1 what the run's user must confirm is confirmed",
        !asksFirst(tool) || this.#judge.wasConfirmed(callId),
      );
      const asked = this.#said.get(callId) ?? [];
      const fields = tool.requiresUserInput ? { n: 3 } : {};
      under(
        "A3 what is executed is what the model asked for",
        asked.some((one) => one.name === tool.name && covers(args, { ...one.args, ...fields })),
      );
    }
    const { effect, name: toolName } = tool;
    this.made.push({ key, callId, toolName, args: text, effect, approvalId, answered: false });
  }

  #checkApproved(
    id: string,
    {
      args,
      atMs,
      describe,
      isFirst,
      key,
      tool,
    }: {
      args: string;
      atMs: number;
      describe: () => string;
      isFirst: boolean;
      key: string;
      tool: Tool;
    },
  ): void {
    const under = (rule: string, holds: boolean): void => this.#judge.check(rule, holds, describe);
    const record = this.#judge.asked.get(id);
    if (record === undefined)
      return this.#judge.fail("A1 nothing runs under what nobody has seen", describe());
    under(
      "A6 an approval is its own call's",
      record.call_id === key && record.tool_name === tool.name,
    );
    under(
      "A6 an approval is used by one call",
      this.made.every((call) => call.approvalId !== id || call.key === key),
    );
    const yes = this.#judge
      .sentFor(id)
      .filter(
        ({ decision, deliveredMs }) =>
          decision.status === "approved" &&
          deliveredMs.some((ms) => ms < (record.expires_at ?? 0) * 1000 + 1000),
      );
    under(
      "A1 a gated tool runs after its approval",
      yes.length > 0 && record.approval_type === "required",
    );
    const acknowledged = this.#judge.sentFor(id).find((one) => one.acknowledged);
    under("A1 what was rejected never runs", acknowledged?.decision.status !== "rejected");
    // A deployment may take a tool's gate away, and fill in new defaults; what still needs the yes is held to it.
    if (!asksFirst(tool)) return;
    under(
      "A3 what is executed is what was approved",
      yes.some(({ decision }) => args === canonicalJson(approvedArgs(record, decision))),
    );
    const { name: toolName, version: toolVersion } = tool;
    const hash = callHash({
      runId: this.#runId,
      callId: key,
      toolName,
      toolVersion,
      args: JSON.parse(args),
    });
    const isBound = record.pause_type === "user_input" || record.args_hash === hash;
    under("A1 an approval is bound to its tool's version", isBound);
    // What is asked of a tool without an approval of its own has the usual times.
    const waitsMs = ((record.expires_at ?? 0) - record.created_at) * 1000;
    const inTimeMs = waitsMs > expiresInMs + 1_000 ? 86_400_000 : useWithinMs;
    const latestMs = Math.max(...yes.flatMap(({ deliveredMs }) => deliveredMs));
    under(
      "A1 an approval is used in its time",
      !isFirst || tool.effect !== "once" || atMs <= latestMs + inTimeMs,
    );
  }

  switchWasOff(turn: number): void {
    this.#offTurn = turn;
  }

  tookEffect(key: string): void {
    this.#effects.add(key);
  }

  toolAnswered(key: string): void {
    for (const call of this.made) if (call.key === key) call.answered = true;
  }

  modelSaid(step: number, { toolCalls }: ModelReply): void {
    for (const [index, { arguments: text, name }] of toolCalls.entries()) {
      const callId = `${this.#runId}.${step}.${index}`;
      const said = this.#said.get(callId) ?? [];
      said.push({ name, args: parsed(text) });
      this.#said.set(callId, said);
    }
  }

  /** What the model is told: each of its calls answered once, always alike, and truly. */
  modelAsked(messages: readonly ModelMessage[]): void {
    let step = 0;
    let open: string[] = [];
    for (const message of messages) {
      if (message.role === "tool") {
        const index = open.indexOf(message.toolCallId);
        this.#judge.check("D3 each call is answered once", index >= 0, () =>
          JSON.stringify(messages),
        );
        open.splice(index, 1);
        this.#tell(`${this.#runId}.${step}.${message.toolCallId.split("_")[2]}`, message.content);
        continue;
      }
      this.#judge.check("D3 each call is answered", open.length === 0, () =>
        JSON.stringify(messages),
      );
      if (message.role !== "assistant") continue;
      step += 1;
      open = message.toolCalls.map(({ id }) => id);
    }
    this.#judge.check("D3 each call is answered", open.length === 0, () =>
      JSON.stringify(messages),
    );
  }

  #tell(callId: string, text: string): void {
    const before = this.#told.get(callId) ?? text;
    this.#judge.check(
      "D3 the result of a call stays as it is",
      before === text,
      () => `${callId}: ${before} ${text}`,
    );
    this.#told.set(callId, text);
    this.toldOf(callId, text);
  }

  /** What is told of a call fits what the tools saw. */
  toldOf(callId: string, text: string): void {
    const calls = this.made.filter((call) => call.callId === callId);
    const describe = (): string => `${callId}: ${text}`;
    const [, key] = /^took effect (.*)$/.exec(text) ?? [];
    if (key !== undefined) {
      const own = calls.some((call) => call.key === key) && this.#effects.has(key);
      this.#judge.check("D1 what is told to have taken effect did", own, describe);
    }
    const fits = calls.length === 0 || executedTexts.test(text);
    this.#judge.check("D3 what was called is not told to be unexecuted", fits, describe);
  }
}

/** What a yes to this approval allows to be executed. */
function approvedArgs(record: ApprovalRecord, { data }: Decision): JsonObject {
  const filled: unknown = data?.["values"];
  if (record.pause_type !== "user_input" || record.context["reason"] === "unknown_outcome")
    return record.context["requested_args"] ?? record.tool_args;
  const asked: JsonObject = record.context["requested_args"] ?? record.tool_args;
  return { ...asked, ...(typeof filled === "object" ? filled : data) };
}

function asksFirst(tool: Tool): boolean {
  return tool.requiresConfirmation || tool.requiresUserInput;
}

function parsed(text: string): JsonObject | null {
  try {
    return JSON.parse(text === "" ? "{}" : text) as JsonObject;
  } catch {
    return null;
  }
}

/** Whether these arguments are the wanted ones, with nothing but defaults beside them. */
function covers(args: JsonObject, wanted: JsonObject): boolean {
  return Object.entries({ ...args, ...wanted }).every(
    ([field, value]) =>
      canonicalJson(args[field] ?? null) === canonicalJson(value) &&
      (field in wanted || field === "extra"),
  );
}
