import { callHash, canonicalJson } from "../../../../src/approval/call-hash.ts";
import type { Decision } from "../../../../src/approval/decision.ts";
import type { ApprovalRecord, JsonObject } from "../../../../src/approval/record.ts";
import type { ModelMessage, ModelReply } from "../../../../src/models/model.ts";
import type { UserAnswer } from "../../../../src/run/answer.ts";
import type { Reply } from "../../../../src/run/messages.ts";
import type { ApprovalRow, RunRow } from "../../../../src/run/store.ts";
import type { Tool, ToolContext } from "../../../../src/tools/tool.ts";
import type { Database } from "./database.ts";
import { Duties } from "./duties.ts";
import type { StoredRow } from "./instance.ts";
import type { Scheduler } from "./scheduler.ts";
import { useWithinMs } from "./toolbox.ts";

/** One decision that somebody sent, however often. */
export interface Sent {
  approvalId: string;
  decision: Decision;
  by: string;
  /** When a copy of it reached the object, by the object's clock. */
  deliveredMs: number[];
  acknowledged: boolean;
  taken: string | null;
}

export interface Called {
  key: string;
  callId: string;
  toolName: string;
  args: string;
  effect: Tool["effect"];
  approvalId: string | null;
  answered: boolean;
}

export interface Broken {
  rule: string;
  detail: string;
}

/** The texts that the model is told of a call that was, or may have been, executed. */
const executedTexts = /^(took effect |Error: |by hand|The outcome of this call is unknown)/;

/**
 * What must hold, said of nothing but what the outside sees: what was sent and answered, which calls the tools got, what the
 * database was told and what the model was told. It knows nothing of how the run is kept.
 */
export class Judge {
  readonly broken: Broken[] = [];
  readonly calls: Called[] = [];
  readonly sent = new Map<string, Sent>();
  readonly duties = new Duties();
  /** Every approval as it was first shown, in the database or by the object. */
  readonly asked = new Map<string, ApprovalRecord>();
  readonly #latest = {
    object: new Map<string, ApprovalRecord>(),
    database: new Map<string, ApprovalRecord>(),
  };
  readonly #written = new Map<string, string>();
  readonly #told = new Map<string, string>();
  readonly #said = new Map<string, { name: string; args: JsonObject | null }[]>();
  readonly #user = new Map<string, Set<boolean>>();
  readonly #effects = new Set<string>();
  readonly #runId: string;
  readonly #scheduler: Scheduler;
  wasAccepted = false;
  wasCancelled = false;
  #message: string | null = null;

  constructor(runId: string, scheduler: Scheduler) {
    this.#runId = runId;
    this.#scheduler = scheduler;
  }

  fail(rule: string, detail: string): void {
    this.broken.push({ rule, detail });
    this.#scheduler.note("BROKEN", `${rule}: ${detail}`);
  }

  check(rule: string, holds: boolean, detail: () => string): void {
    if (!holds) this.fail(rule, detail());
  }

  accepted(): void {
    this.wasAccepted = true;
  }

  cancelled(): void {
    this.wasCancelled = true;
  }

  isStarted(message: string): boolean {
    return this.#message === message;
  }

  writeRefused(): void {
    this.duties.excuse();
  }

  stored(row: StoredRow): void {
    for (const entry of row.entries) if (entry.kind === "started") this.#message = entry.message;
    this.duties.take(row);
  }

  decides({ id }: ApprovalRecord, decision: Decision, by: string): Sent {
    const name = canonicalJson({ id, decision, by });
    const found = this.sent.get(name);
    if (found !== undefined) return found;
    const sent = {
      approvalId: id,
      decision,
      by,
      deliveredMs: [],
      acknowledged: false,
      taken: null,
    };
    this.sent.set(name, sent);
    return sent;
  }

  /** A5: one wins, whoever else asks is told who, and the winner is told the same however often they ask. */
  decided(sent: Sent, reply: Reply<{ approval: ApprovalRecord }>): void {
    const { approvalId: id, by, decision } = sent;
    const describe = (): string => `${id} ${decision.status} by ${by}: ${JSON.stringify(reply)}`;
    if (reply.ok) {
      const { approval } = reply;
      sent.acknowledged = true;
      const isOwn =
        approval.status === decision.status &&
        approval.resolved_by === by &&
        canonicalJson(approval.resolution_data ?? {}) === canonicalJson(decision.data ?? {});
      this.check("A5 who is told that they won has won", isOwn, describe);
      const others = this.#sentFor(id).filter((other) => other !== sent && other.acknowledged);
      this.check("A5 one decision wins", others.length === 0, describe);
      this.sees(approval, "object");
    } else if (reply.reason === "taken") {
      sent.taken = reply.status;
    }
    const fine = !(sent.acknowledged && sent.taken !== null);
    this.check("A5 the same answer is told again", fine, describe);
  }

  userAnswers(answers: readonly UserAnswer[]): void {
    for (const { confirmed, result, tool_call_id: id, user_input_schema: schema } of answers) {
      const said = this.#user.get(id) ?? new Set();
      said.add(
        confirmed === true ||
          (confirmed !== false && (result !== undefined || schema !== undefined)),
      );
      this.#user.set(id, said);
    }
  }

  /** D4: what was seen to be closed stays as it is; and every end has its cause (A11: a sibling's is none). */
  sees(record: ApprovalRecord, where: "object" | "database"): void {
    const { id, status } = record;
    if (!this.asked.has(id)) this.asked.set(id, record);
    const before = this.#latest[where].get(id);
    this.#latest[where].set(id, record);
    if (record.approval_type === "audit" || status === "pending") {
      this.check(
        "D4 a closed approval stays closed",
        status !== "pending" || (before?.status ?? status) === status,
        () => id,
      );
      return;
    }
    if (before !== undefined && before.status !== "pending") {
      const same = (["status", "resolved_by", "resolved_at", "args_hash"] as const).every(
        (field) => before[field] === record[field],
      );
      this.check(
        "D4 a closed approval stays as it is",
        same,
        () => `${id} ${before.status} ${status}`,
      );
      const kept = before.call_outcome === null || before.call_outcome === record.call_outcome;
      this.check(
        "D3 what became of a call stays as it is",
        kept,
        () => `${id} ${before.call_outcome} ${record.call_outcome}`,
      );
      return;
    }
    const nowMs = this.#scheduler.nowMs;
    const dueMs = (record.expires_at ?? 0) * 1000;
    const caused =
      status === "expired"
        ? nowMs >= dueMs - 1_000
        : status === "cancelled" ||
          this.#sentFor(id).some(
            ({ decision, deliveredMs }) => decision.status === status && deliveredMs.length > 0,
          );
    this.check("A11 an approval is closed for a cause of its own", caused, () => `${id} ${status}`);
  }

  /** The database was told; whatever comes late or twice says the same as before. */
  projected(run: RunRow | null, approvals: readonly ApprovalRow[], database: Database): void {
    const write = (id: string, version: number, text: string): void => {
      const name = `${id} ${version}`;
      const before = this.#written.get(name) ?? text;
      this.check(
        "D9 one version of a row says one thing",
        before === text,
        () => `${name}\n${before}\n${text}`,
      );
      this.#written.set(name, text);
    };
    if (run !== null) write(run.id, run.version, `${run.status} ${run.output}`);
    for (const { hidden, record, version } of approvals) {
      const { requirements: _, run_status: __, ...rest } = record;
      write(record.id, version, `${hidden} ${canonicalJson(rest)}`);
    }
    for (const { record } of database.approvals.values()) this.sees(record, "database");
  }

  /** A call leaves for its tool: A1, A3, A6, D1, D2, D3. */
  called({
    args,
    atMs,
    ctx,
    tool,
  }: {
    tool: Tool;
    args: JsonObject;
    ctx: ToolContext;
    atMs: number;
  }): void {
    const { callId, idempotencyKey: key } = ctx;
    const text = canonicalJson(args);
    const describe = (): string =>
      `${tool.name} ${key} ${text} under ${ctx.approval?.id ?? "nothing"}`;
    const under = (rule: string, holds: boolean): void => this.check(rule, holds, describe);
    const before = this.calls.filter((call) => call.key === key);
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
    const records = [...this.#latest.object.values(), ...this.#latest.database.values()];
    const closed = records.some((record) => record.call_id === key && record.call_outcome !== null);
    under("D3 nothing is executed after its end was shown", !closed);
    under("A1 what others execute is never executed here", !tool.externalExecution);
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
        !asksFirst(tool) || this.#userSaid(callId, true),
      );
      const asked = this.#said.get(callId) ?? [];
      const fields = tool.requiresUserInput ? { n: 3 } : {};
      under(
        "A3 what is executed is what the model asked for",
        asked.some((one) => one.name === tool.name && covers(args, { ...one.args, ...fields })),
      );
    }
    const { effect, name: toolName } = tool;
    this.calls.push({ key, callId, toolName, args: text, effect, approvalId, answered: false });
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
    const under = (rule: string, holds: boolean): void => this.check(rule, holds, describe);
    const record = this.asked.get(id);
    if (record === undefined)
      return this.fail("A1 nothing runs under what nobody has seen", describe());
    under(
      "A6 an approval is its own call's",
      record.call_id === key && record.tool_name === tool.name,
    );
    under(
      "A6 an approval is used by one call",
      this.calls.every((call) => call.approvalId !== id || call.key === key),
    );
    const yes = this.#sentFor(id).filter(
      ({ decision, deliveredMs }) =>
        decision.status === "approved" &&
        deliveredMs.some((ms) => ms < (record.expires_at ?? 0) * 1000 + 1000),
    );
    under(
      "A1 a gated tool runs after its approval",
      yes.length > 0 && record.approval_type === "required",
    );
    const acknowledged = this.#sentFor(id).find((one) => one.acknowledged);
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
    const latestMs = Math.max(...yes.flatMap(({ deliveredMs }) => deliveredMs));
    under(
      "A1 an approval is used in its time",
      !isFirst || tool.effect !== "once" || atMs <= latestMs + useWithinMs,
    );
  }

  tookEffect(key: string): void {
    this.#effects.add(key);
  }

  toolAnswered(key: string): void {
    for (const call of this.calls) if (call.key === key) call.answered = true;
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
        this.check("D3 each call is answered once", index >= 0, () => JSON.stringify(messages));
        open.splice(index, 1);
        this.#tell(`${this.#runId}.${step}.${message.toolCallId.split("_")[2]}`, message.content);
        continue;
      }
      this.check("D3 each call is answered", open.length === 0, () => JSON.stringify(messages));
      if (message.role !== "assistant") continue;
      step += 1;
      open = message.toolCalls.map(({ id }) => id);
    }
    this.check("D3 each call is answered", open.length === 0, () => JSON.stringify(messages));
  }

  #tell(callId: string, text: string): void {
    const before = this.#told.get(callId) ?? text;
    this.check(
      "D3 the result of a call stays as it is",
      before === text,
      () => `${callId}: ${before} ${text}`,
    );
    this.#told.set(callId, text);
    this.toldOf(callId, text);
  }

  /** What is told of a call fits what the tools saw. */
  toldOf(callId: string, text: string): void {
    const calls = this.calls.filter((call) => call.callId === callId);
    const describe = (): string => `${callId}: ${text}`;
    const [, key] = /^took effect (.*)$/.exec(text) ?? [];
    if (key !== undefined) {
      const own = calls.some((call) => call.key === key) && this.#effects.has(key);
      this.check("D1 what is told to have taken effect did", own, describe);
    }
    const fits = calls.length === 0 || executedTexts.test(text);
    this.check("D3 what was called is not told to be unexecuted", fits, describe);
  }

  #sentFor(id: string): Sent[] {
    return [...this.sent.values()].filter(({ approvalId }) => approvalId === id);
  }

  #userSaid(callId: string, answer: boolean): boolean {
    const [, step, index] = callId.split(".");
    return [callId, `call_${step}_${index}`].some((id) => this.#user.get(id)?.has(answer) === true);
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
