import { KernError } from "../../../../src/errors.ts";
import type { ModelMessage, ModelReply } from "../../../../src/models/model.ts";
import { newRunId } from "../../../../src/run/ids.ts";
import {
  type ApprovalRow,
  everyone,
  type RunRow,
  type SwitchRow,
} from "../../../../src/run/store.ts";
import type { Reconciliation, Tool, ToolContext } from "../../../../src/tools/tool.ts";
import { Database } from "./database.ts";
import { type Faults, faultsOf, noFaults } from "./faults.ts";
import {
  type Alarm,
  type Disk,
  type Instance,
  makeInstance,
  type Ports,
  type StoredRow,
} from "./instance.ts";
import { CallJudge } from "./call-judge.ts";
import { Judge } from "./judge.ts";
import { modelSays } from "./script.ts";
import { Scheduler } from "./scheduler.ts";
import { type Release, releases } from "./toolbox.ts";

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** Everything around the one run of a story: its object's lives, its alarm, the model, the tools, the database. */
export class World {
  readonly scheduler: Scheduler;
  readonly judge: Judge;
  readonly calls: CallJudge;
  readonly database = new Database();
  readonly runId: string;
  readonly alarm: Alarm = { atMs: null, isIdle: false };
  readonly #disk: Disk;
  readonly #effects = new Set<string>();
  faults: Faults;
  release: Release = "as it was";
  ringing = false;
  settling = false;
  /** How many times the model asks for calls before it says its last word. */
  readonly steps: number;
  #isStopped = false;
  #skewMs = 0;
  #instance: Instance | null = null;
  #lives = 0;
  #asked = 0;
  onDeath: () => void = () => undefined;

  constructor(seed: number, disk: Disk) {
    this.scheduler = new Scheduler(seed);
    this.runId = newRunId(`simulation ${seed}`);
    this.faults = faultsOf(this.scheduler.random);
    this.steps = this.scheduler.random.int(1, 3);
    this.judge = new Judge(this.scheduler);
    this.calls = new CallJudge(this.judge, this.runId);
    this.#disk = disk;
  }

  get alive(): boolean {
    return this.#instance?.dead === false;
  }

  /** The living instance; the platform makes one for whoever calls. */
  get instance(): Instance {
    if (this.#instance?.dead === false) return this.#instance;
    const skewMs = this.#skewMs;
    this.#instance = makeInstance({
      n: ++this.#lives,
      release: this.release,
      now: () => this.scheduler.nowMs + skewMs,
      disk: this.#disk,
      portsOf: (instance) => this.#portsOf(instance),
    });
    this.scheduler.note("an instance begins", `${this.#lives}, ${this.release}`);
    return this.#instance;
  }

  /** The clock of the instance that lives, or would. */
  get hostNowMs(): number {
    return this.scheduler.nowMs + this.#skewMs;
  }

  kill(instance: Instance, where: string): void {
    instance.dead = true;
    this.scheduler.note(`killed ${where}`);
  }

  /** Takes away what died with the instance, if it did: the next one may be on a machine with another clock. */
  bury(): void {
    if (this.#instance?.dead !== true) return;
    const { scheduler } = this;
    this.#instance = null;
    scheduler.forgetTimers();
    if (this.ringing) this.alarm.atMs = scheduler.nowMs;
    this.ringing = false;
    this.#skewMs = this.settling ? 0 : scheduler.random.int(-500, 500);
    this.onDeath();
  }

  crash(): void {
    if (this.#instance?.dead === false) this.kill(this.#instance, "at a random time");
  }

  deploy(release: Release = this.scheduler.random.pick(releases)): void {
    this.release = release;
    this.scheduler.note(`deployed: ${release}`);
    if (this.#instance?.dead === false) this.kill(this.#instance, "by a deployment");
  }

  /** Whether the alarm is due and may ring; the platform never rings twice at once. */
  get isDue(): boolean {
    return !this.ringing && this.alarm.atMs !== null && this.alarm.atMs <= this.scheduler.nowMs;
  }

  ring(): void {
    const { instance } = this;
    this.alarm.atMs = null;
    this.ringing = true;
    this.scheduler.note("the alarm rings");
    void instance.object.alarm().then(
      () => {
        if (!instance.dead) this.ringing = false;
      },
      (error: unknown) => {
        if (!instance.dead) this.judge.fail("D6 an alarm never throws", String(error));
      },
    );
  }

  /** Somebody turns the kill switch. */
  turnSwitch(isOn = !this.#isStopped): void {
    if (this.#isStopped === isOn) return;
    this.#isStopped = isOn;
    this.scheduler.note(`the kill switch is turned ${isOn ? "on" : "off"}`);
  }

  heal(): void {
    this.faults = noFaults;
    this.settling = true;
    this.turnSwitch(false);
  }

  #portsOf(instance: Instance): Ports {
    const { scheduler, judge } = this;
    return {
      alarm: this.alarm,
      dies: (point) => this.#dies(instance, point),
      refuses: () => {
        const refuses = scheduler.random.chance(this.faults.refusedWrite);
        if (refuses) {
          scheduler.note("the storage refuses to write");
          judge.writeRefused();
        }
        return refuses;
      },
      stored: (rows: StoredRow[]) => {
        for (const row of rows) {
          const kinds = row.entries.map(({ kind }) => kind).join(" ");
          scheduler.note("a row is stored", `${row.seq} ${kinds}`);
          judge.stored(row);
        }
      },
      armed: () =>
        scheduler.note("the alarm is set", `in ${(this.alarm.atMs ?? 0) - scheduler.nowMs} ms`),
      project: (run, approvals) => this.#project(instance, run, approvals),
      readSwitches: () => this.#readSwitches(instance),
      outside: {
        ask: (messages) => this.#ask(instance, messages),
        call: (tool, args, ctx) => this.#call(instance, tool, args, ctx),
        reconcile: (key) => this.#reconcile(instance, key),
      },
    };
  }

  #dies(instance: Instance, point: string): boolean {
    if (instance.dead) return true;
    if (this.scheduler.random.chance(this.faults.death)) this.kill(instance, point);
    return instance.dead;
  }

  #happens(fault: keyof Faults, what: string): boolean {
    const happens = this.scheduler.random.chance(this.faults[fault]);
    if (happens) this.scheduler.note(what);
    return happens;
  }

  async #project(instance: Instance, run: RunRow | null, approvals: ApprovalRow[]): Promise<void> {
    if (instance.dead) return never();
    const { scheduler } = this;
    const rows = structuredClone({ run, approvals });
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    scheduler.later("the database is told", () => {
      if (this.#happens("databaseFails", "the database fails before it commits")) {
        if (!instance.dead) reject(new Error("The database is down."));
        return;
      }
      this.database.commit(rows.run, rows.approvals);
      scheduler.note("the database commits", `${run?.status ?? "-"} ${approvals.length}`);
      this.judge.projected(rows.run, rows.approvals, this.database);
      if (this.#dies(instance, "between the delivery and the cursor")) return;
      scheduler.later("the database answers", () => {
        if (this.#happens("lost", "the database's answer is lost")) return;
        if (this.#happens("databaseFails", "the database fails after it committed")) {
          return reject(new Error("The connection was lost."));
        }
        resolve();
      });
    });
    return promise;
  }

  async #readSwitches(instance: Instance): Promise<SwitchRow[]> {
    if (instance.dead) return never();
    const { calls, scheduler } = this;
    const { promise, reject, resolve } = Promise.withResolvers<SwitchRow[]>();
    scheduler.later("the kill switch is asked for", () => {
      const fails = this.#happens("databaseFails", "the kill switch cannot be read");
      const isOn = this.#isStopped;
      scheduler.later("the kill switch is told", () => {
        if (instance.dead || this.#happens("lost", "what the kill switch says is lost")) return;
        if (fails || isOn) instance.heldMs = instance.now();
        if (fails) return reject(new Error("The database is down."));
        if (isOn) scheduler.note("a kill switch holds a run");
        else calls.switchWasOff(scheduler.turns + 1);
        resolve([
          { id: everyone, is_on: isOn, reason: null, changed_by: "user:ann", changed_at_ms: 1 },
        ]);
      });
    });
    return promise;
  }

  async #ask(instance: Instance, messages: readonly ModelMessage[]): Promise<ModelReply> {
    const { calls, scheduler } = this;
    if (instance.dead) return never();
    scheduler.note("the model is asked");
    calls.modelAsked(messages);
    if (this.#dies(instance, "while the model is asked")) return never();
    const { promise, reject, resolve } = Promise.withResolvers<ModelReply>();
    const step = messages.filter(({ role }) => role === "assistant").length + 1;
    scheduler.later("the model answers", () => {
      if (instance.dead) return;
      if (this.#happens("modelFails", "the model fails")) return reject(this.#modelError());
      const last = this.settling || step > this.steps;
      const reply = modelSays(scheduler.random, step, last, ++this.#asked);
      calls.modelSaid(step, reply);
      scheduler.note("the model answers", reply.toolCalls.map(({ name }) => name).join(" "));
      if (!this.#dies(instance, "as the model answers")) resolve(reply);
    });
    return promise;
  }

  #modelError(): Error {
    const { random } = this.scheduler;
    if (random.chance(0.1)) return new KernError("model_refused", "No.");
    const options = random.chance(0.3) ? { retryAfterMs: 20_000 } : {};
    return random.chance(0.5)
      ? new KernError("model_unavailable", "Busy.", options)
      : new Error("?");
  }

  async #call(
    instance: Instance,
    tool: Tool,
    args: Record<string, unknown>,
    ctx: ToolContext,
  ): Promise<unknown> {
    if (instance.dead) return never();
    const { calls, scheduler } = this;
    const key = ctx.idempotencyKey;
    const short = key.slice(this.runId.length);
    scheduler.note("a tool is called", `${tool.name} ${short}`);
    calls.called({
      tool,
      args: structuredClone(args),
      ctx,
      atMs: instance.now(),
      turn: scheduler.turns,
    });
    this.#dies(instance, "while a tool is at work, before its effect");
    const { promise, reject, resolve } = Promise.withResolvers<unknown>();
    scheduler.later("a tool is reached", () => {
      if (this.#happens("lost", "a tool's request is lost")) return;
      this.#effects.add(key);
      calls.tookEffect(key);
      scheduler.note("a tool takes effect", short);
      if (this.#dies(instance, "while a tool is at work, after its effect")) return;
      scheduler.later("a tool answers", () => {
        if (instance.dead || this.#happens("lost", "a tool's answer is lost")) return;
        calls.toolAnswered(key);
        if (this.#happens("toolFails", "a tool fails")) return reject(new Error(`no luck ${key}`));
        resolve(`took effect ${key}`);
      });
    });
    return promise;
  }

  async #reconcile(instance: Instance, key: string): Promise<Reconciliation> {
    if (instance.dead) return never();
    const { promise, reject, resolve } = Promise.withResolvers<Reconciliation>();
    const { scheduler } = this;
    scheduler.note("a tool is asked what became of a call");
    if (this.#dies(instance, "while a tool is asked what became of a call")) return never();
    scheduler.later("a tool tells what became of a call", () => {
      if (instance.dead || this.#happens("lost", "what became of a call is lost")) return;
      if (this.#happens("toolFails", "a tool cannot tell what became of a call")) {
        return scheduler.random.chance(0.5)
          ? reject(new Error("?"))
          : resolve({ status: "unknown" });
      }
      const done = this.#effects.has(key);
      scheduler.note(done ? "a call turns out done" : "a call turns out not done");
      if (done) this.calls.toolAnswered(key);
      resolve(done ? { status: "done", result: `took effect ${key}` } : { status: "not_done" });
    });
    return promise;
  }
}
