import { Agent } from "../../src/agent/agent.ts";
import { canonicalJson } from "../../src/approval/call-hash.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { Model, ModelReply } from "../../src/models/model.ts";
import type { Entry } from "../../src/run/entry.ts";
import { newRunId } from "../../src/run/ids.ts";
import { messageVersion } from "../../src/run/messages.ts";
import { RunObject } from "../../src/run/run.ts";
import { apply } from "../../src/run/fold.ts";
import type { RunState } from "../../src/run/state.ts";
import type { ApprovalRow, RunRow } from "../../src/run/store.ts";
import type { Tool, ToolContext } from "../../src/tools/tool.ts";
import { toolsOf } from "./tools.ts";

export interface Effect {
  tool: string;
  key: string;
  args: string;
  approvalId: string | null;
  /** What the tool asked of people, and promised, when it was called. */
  required: boolean;
  hitl: boolean;
  effect: string;
  atMs: number;
  /** Whether the run had ended before the tool was called. */
  late: boolean;
}

interface Waiting {
  what: "model" | "tool";
  instance: number;
  answer: (value: unknown) => void;
  fail: (error: Error) => void;
}

/** One run in a real object's storage, with everything around it made up: clock, alarm, model, tools, database, deploys. */
export class Simulation {
  readonly runId = newRunId();
  readonly effects: Effect[] = [];
  readonly rows = new Map<string, ApprovalRow>();
  /** Where the run stood each time that its own row was written. */
  readonly told: string[] = [];
  waiting: Waiting[] = [];
  alarmMs: number | null = null;
  nowMs = Date.UTC(2026, 10, 1);
  release = 0;
  failingWrites = 0;
  databaseDown = false;
  feedHangs = false;
  #instance = 0;
  #ringing = false;
  readonly #agents = new Map<string, Agent>();
  #object: RunObject;
  readonly #storage: DurableObjectStorage;
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState, storage: DurableObjectStorage) {
    this.#ctx = ctx;
    this.#storage = storage;
    storage.sql.exec("DROP TABLE IF EXISTS journal; DROP TABLE IF EXISTS cursor");
    this.#object = this.#make();
  }

  get state(): RunState | null {
    let state: RunState | null = null;
    const rows = this.#storage.sql.exec<{ seq: number; at_ms: number; entries: string }>(
      "SELECT seq, at_ms, entries FROM journal ORDER BY seq",
    );
    for (const { at_ms: atMs, entries, seq } of rows.toArray())
      for (const entry of JSON.parse(entries) as Entry[])
        state = apply(state, entry, { seq, atMs });
    return state;
  }

  async start(unattended = true): Promise<void> {
    const facts = { runId: this.runId, agentId: "a", sessionId: "s", userId: "u", message: "m" };
    const rest = { requestedBy: "root", fingerprint: "f", local: true, unattended, waitMs: 0 };
    await this.#object.start({ v: messageVersion, ...facts, ...rest });
  }

  async resolve(approvalId: string, status: "approved" | "rejected", retry: boolean) {
    const asked = this.state?.approvals.get(approvalId);
    const data =
      status === "rejected"
        ? null
        : asked?.reason === "unknown_outcome"
          ? { action: retry ? "retry" : "done", result: "r" }
          : asked?.pauseType === "user_input"
            ? { values: { b: 2 } }
            : asked?.pauseType === "external_execution"
              ? { result: "r" }
              : null;
    const decider = { principal: "root", shared: true, claim: "ann" };
    const decision = { status, data };
    return this.#object.resolve({ v: messageVersion, approvalId, decision, decider });
  }

  async answer(confirmed: boolean, requestId?: string) {
    const calls = [...(this.state?.calls.values() ?? [])];
    const answers = calls.map(({ id }) => ({
      tool_call_id: id,
      confirmed,
      user_input_schema: [{ name: "b", value: 2 }],
      result: "r",
    }));
    const rest = { stream: false, waitMs: 1, ...(requestId !== undefined && { requestId }) };
    return this.#object.continue({ v: messageVersion, agentId: "a", answers, ...rest });
  }

  async cancel(): Promise<void> {
    await this.#object.cancel();
  }

  /** The instance dies, with everything it had under way. */
  crash(): void {
    if (this.#ringing) this.alarmMs = this.nowMs;
    this.#ringing = false;
    this.#object = this.#make();
    this.waiting = [];
  }

  async view(): Promise<void> {
    await this.#object.view();
  }

  /** The approval as its object tells it. */
  async record(id: string): Promise<ApprovalRecord | null> {
    const reply = await this.#object.approval(id);
    return reply.ok ? reply.approval : null;
  }

  /** How many rows of the journal the database has not been told of. */
  get behind(): number {
    const [row] = this.#storage.sql.exec<{ seq: number }>("SELECT seq FROM cursor").toArray();
    return (this.state?.seq ?? 0) - (row?.seq ?? 0);
  }

  /** The platform rings at its time, and not while it is ringing. */
  ring(): boolean {
    if (this.#ringing || this.alarmMs === null || this.alarmMs > this.nowMs) return false;
    this.alarmMs = null;
    this.#ringing = true;
    const instance = this.#instance;
    void this.#object.alarm().then(() => {
      if (instance === this.#instance) this.#ringing = false;
    });
    return true;
  }

  #make(): RunObject {
    const instance = ++this.#instance;
    const alive = (): void => {
      if (instance !== this.#instance) throw new Error("This instance is gone.");
    };
    const write = (): void => {
      alive();
      if (this.failingWrites > 0) {
        this.failingWrites -= 1;
        throw new Error("storage is out of reach");
      }
    };
    const { sql } = this.#storage;
    const storage = {
      sql: {
        exec: (text: string, ...values: unknown[]) => {
          (text.startsWith("INSERT INTO cursor") ? write : alive)();
          return sql.exec(text, ...(values as string[]));
        },
      },
      transactionSync: (code: () => void) => {
        const before = this.alarmMs;
        try {
          this.#storage.transactionSync(() => {
            code();
            write();
          });
        } catch (error) {
          this.alarmMs = before;
          throw error;
        }
      },
      setAlarm: (atMs: number) => {
        alive();
        this.alarmMs = Math.round(atMs - Date.now() + this.nowMs);
      },
    };
    const store = {
      switches: { read: async () => [] },
      project: async (run: RunRow | null, rows: ApprovalRow[]) => {
        await Promise.resolve();
        if (this.databaseDown) throw new Error("The database is down.");
        if (run !== null) this.told.push(run.status);
        for (const row of rows)
          if (row.version > (this.rows.get(row.record.id)?.version ?? 0))
            this.rows.set(row.record.id, row);
      },
    };
    const host = {
      agentOf: (id: string) => (id === "a" && this.release < 7 ? this.#agent(instance) : undefined),
      store: () => store as never,
      ask: async () => {
        throw new Error("There is no other run.");
      },
      publish: async () => {
        if (this.feedHangs) await new Promise(() => undefined);
      },
      channels: [],
      notify: async () => ({ kind: "sent", receipt: null }) as const,
      now: () => this.nowMs,
    };
    Object.defineProperty(this.#ctx, "storage", { value: storage, configurable: true });
    return new RunObject(this.#ctx, { instance }, host);
  }

  #wait(what: Waiting["what"], instance: number): Promise<unknown> {
    if (instance !== this.#instance) return new Promise(() => undefined);
    return new Promise((answer, fail) => this.waiting.push({ what, instance, answer, fail }));
  }

  #agent(instance: number): Agent {
    const name = `${instance} ${this.release}`;
    const agent = this.#agents.get(name) ?? this.#build(instance);
    this.#agents.set(name, agent);
    return agent;
  }

  #build(instance: number): Agent {
    const complete = (): Promise<ModelReply> => this.#wait("model", instance) as never;
    const model: Model = { id: "m", provider: "p", complete };
    const act = (made: () => Tool) => (args: Record<string, unknown>, ctx: ToolContext) => {
      if (instance !== this.#instance) return new Promise(() => undefined);
      const { approval: policy, effect, name, requiresConfirmation } = made();
      this.effects.push({
        tool: name,
        key: ctx.idempotencyKey,
        args: canonicalJson(args),
        effect,
        approvalId: ctx.approval?.id ?? null,
        hitl: requiresConfirmation,
        required: policy?.type === "required",
        atMs: this.nowMs,
        late: this.state?.ended !== null,
      });
      return this.#wait("tool", instance);
    };
    const tools = toolsOf(this.release, act, (key) =>
      this.effects.some((done) => done.key === key),
    );
    return new Agent({ id: "a", model, tools, maxSteps: 12 });
  }
}
