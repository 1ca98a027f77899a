import { permit } from "../../../src/agent/gate.ts";
import { canonicalJson } from "../../../src/approval/call-hash.ts";
import type { Decider, Decision } from "../../../src/approval/decision.ts";
import type { ModelReply } from "../../../src/models/model.ts";
import { answerAsUser, type UserAnswer } from "../../../src/run/answer.ts";
import { answer } from "../../../src/run/decide.ts";
import type { Entry } from "../../../src/run/entry.ts";
import { eventReader, type RunEvent } from "../../../src/run/events.ts";
import { newRunId } from "../../../src/run/ids.ts";
import { type Launch, plan, workOf } from "../../../src/run/plan.ts";
import { ask, candidateOf, ended, type Setting, stop, unknown } from "../../../src/run/question.ts";
import { finish, receive } from "../../../src/run/reply.ts";
import { apply } from "../../../src/run/fold.ts";
import { type CallState, known, type RunState } from "../../../src/run/state.ts";
import { agentAfter, type Deployment } from "./toolbox.ts";

export interface Row {
  seq: number;
  atMs: number;
  entries: Entry[];
}

/** A tool that was called, as the world outside saw it. */
export interface Execution {
  callId: string;
  toolName: string;
  key: string;
  effect: string;
  args: string;
  /** It was interrupted, and turned out not to have taken effect. */
  undone?: true;
}

/** What a tool that is at work comes to, once it is let. */
export type Report = "succeeded" | "failed" | "late" | "not done";

/** What is looked at while a story goes on. */
export interface Checks {
  step(before: RunState | null, simulation: Simulation): void;
  /** The model is asked. */
  question(simulation: Simulation): void;
  /** A tool is called. */
  execution(simulation: Simulation, call: CallState): void;
}

/** A run without a runtime: the journal, the work that is under way, and a clock, each moved by hand. */
export class Simulation {
  readonly runId = newRunId("simulation");
  readonly rows: Row[] = [];
  readonly events: RunEvent[][] = [];
  readonly executions: Execution[] = [];
  /** Calls that the run's own user said yes to. */
  readonly confirmed = new Set<string>();
  /** Approvals that somebody was told they approved. */
  readonly approved = new Set<string>();
  readonly work = new Map<string, Launch>();
  readonly #checks: Checks;
  readonly #read = eventReader(agentAfter("as it was")?.tools ?? new Map());
  nowMs = 1_000_000;
  boot = 0;
  deployment: Deployment = "as it was";
  state: RunState;

  constructor(checks: Checks) {
    this.#checks = checks;
    const started: Entry = {
      kind: "started",
      runId: this.runId,
      agentId: "agent",
      agentName: "Agent",
      sessionId: "session",
      userId: "mia",
      requestedBy: "user:mia",
      message: "Go.",
      fingerprint: "f",
      local: true,
    };
    this.state = apply(null, started, { seq: 1, atMs: this.nowMs });
    this.#advance(null, [started]);
  }

  setting(): Setting {
    return {
      nowMs: this.nowMs,
      boot: `boot ${this.boot}`,
      alive: new Set(this.work.keys()),
      agent: agentAfter(this.deployment),
      killSwitch: "off",
    };
  }

  advance(first: Entry[] = []): void {
    this.#advance(this.state, first);
  }

  /**
   * The instance goes away with all its work, and another one takes over, perhaps with other code. A run that is over keeps
   * its agent: without it, nobody knows any more that an interrupted call was an audited one.
   */
  crash(deployment: Deployment = this.deployment): void {
    const orphaned = deployment === "no agent" && this.state.ended !== null;
    this.boot++;
    this.work.clear();
    this.deployment = orphaned ? "as it was" : deployment;
    this.advance();
  }

  /** The model answers the step that is open. */
  reply(reply: ModelReply): void {
    const agent = agentAfter(this.deployment);
    const open = [...this.work].find(([, launch]) => launch.kind === "model");
    if (open === undefined || agent === undefined) return;
    this.work.delete(open[0]);
    if (this.state.ended !== null) return;
    this.advance(receive(this.state, reply, agent, this.setting()));
  }

  /** The model fails; null: for good. */
  fail(retryAtMs: number | null): void {
    const open = [...this.work].find(([, launch]) => launch.kind === "model");
    if (open === undefined) return;
    this.work.delete(open[0]);
    if (this.state.ended !== null) return;
    this.advance([{ kind: "step_failed", error: "busy", retryAtMs }]);
  }

  /** A tool that is at work reports. */
  report(callId: string, report: Report): void {
    const launch = this.work.get(callId);
    if (launch?.kind !== "tool") return;
    const call = known(this.state.calls, callId);
    const tool = agentAfter(this.deployment)?.tools.get(call.toolName);
    if (tool === undefined) throw new Error(`${call.toolName} was called, and is not there.`);
    this.work.delete(callId);
    if (launch.reconcile && report === "not done") {
      for (const execution of this.executions)
        if (execution.key === call.key) execution.undone = true;
      if (this.state.ended !== null) return this.advance([ended(call, "cancelled", "not done")]);
      if (!this.#execute(callId)) return;
    }
    const outcome = report === "failed" ? "failed" : "succeeded";
    const late = report === "late" && tool.effect !== "idempotent";
    this.advance(
      late
        ? unknown(this.state, call, this.setting())
        : finish(this.state, call, tool, outcome, report),
    );
  }

  decide(approvalId: string, decision: Decision, decider: Decider): string {
    const tools = agentAfter(this.deployment)?.tools ?? new Map();
    const approval = known(this.state.approvals, approvalId);
    const given = answer(this.state, approval, decision, decider, { nowMs: this.nowMs, tools });
    if (given.kind === "accepted" && decision.status === "approved") this.approved.add(approvalId);
    if (given.kind === "accepted" || given.kind === "lapsed") this.advance(given.entries);
    return given.kind;
  }

  answerAsUser(answers: UserAnswer[]): void {
    const tools = agentAfter(this.deployment)?.tools;
    if (tools === undefined) return;
    const given = answerAsUser(this.state, { answers }, { nowMs: this.nowMs, tools });
    if ("kind" in given) return;
    for (const { confirmed, tool_call_id: said } of answers) {
      for (const { id, pauseType, toolCallId } of this.state.calls.values()) {
        const yes = confirmed === true || pauseType !== "confirmation";
        if (yes && confirmed !== false && [id, toolCallId].includes(said)) this.confirmed.add(id);
      }
    }
    if (given.entries.length > 0) this.advance(given.entries);
  }

  cancel(): void {
    if (this.deployment === "no agent") this.crash("as it was");
    if (this.state.ended === null) this.advance(stop(this.state, { kind: "cancelled" }));
  }

  /** The gate is asked a last time, and what it lets through takes effect; false where it lets nothing through. */
  #execute(callId: string): boolean {
    const { state, nowMs } = this;
    const call = known(state.calls, callId);
    const tools = agentAfter(this.deployment)?.tools ?? new Map();
    const verdict = permit(tools, candidateOf(state, call), nowMs);
    if (verdict.kind !== "go") {
      this.work.delete(callId);
      this.advance(
        verdict.kind === "refuse"
          ? [ended(call, "refused", verdict.reason)]
          : ask(state, call, verdict.verdict, this.setting(), verdict.reason),
      );
      return false;
    }
    const { key, toolName, effect } = call;
    const args = canonicalJson(call.args);
    this.executions.push({ callId, toolName, key, effect: effect ?? "", args });
    this.#checks.execution(this, call);
    return true;
  }

  #advance(before: RunState | null, first: Entry[]): void {
    const { entries, launches, state } = plan(before, first, this.setting());
    if (entries.length > 0) {
      const row = { seq: state.seq, atMs: state.updatedAtMs, entries: structuredClone(entries) };
      this.rows.push(row);
      this.events.push(this.#read(row).events);
    }
    this.state = state;
    for (const launch of launches) this.work.set(workOf(launch), launch);
    this.#checks.step(before, this);
    for (const launch of launches) {
      if (launch.kind === "model") this.#checks.question(this);
      else if (launch.kind === "tool" && !launch.reconcile) this.#execute(launch.callId);
    }
  }
}
