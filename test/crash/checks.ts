import { canonicalJson } from "../../src/approval/call-hash.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { Inspection } from "../../src/run/messages.ts";
import type { Decided } from "./deciders.ts";
import type { Found } from "./evidence.ts";
import { type History, verdictOf } from "./history.ts";
import type { Ledger } from "./ledger.ts";
import type { Asked } from "./model-server.ts";
import type { Pauses } from "./pauses.ts";
import { type PlannedCall, toolKinds } from "./plans.ts";
import { lineOf, type StartedRun } from "./family.ts";
import { type Called, doneBefore } from "./tool-server.ts";

/** What the world outside saw, by what it is looked up by. */
export interface Seen {
  calledByRef: ReadonlyMap<string, Called[]>;
  /** When the model was first asked for a turn, by "turn of run", on the runtime's clock. */
  askedMs: ReadonlyMap<string, number>;
  decidedById: ReadonlyMap<string, Decided[]>;
  history: History;
  pauses: Pauses;
}

/** What may become of a call after this decision; a call of which nobody knows is unknown, whoever decides what. */
const outcomes: Record<string, string[]> = {
  approved: ["succeeded", "failed", "cancelled", "unknown"],
  rejected: ["rejected", "unknown"],
  expired: ["expired", "unknown"],
  cancelled: ["cancelled", "unknown"],
};

/** How long what has left may still be on its way. */
const onItsWayMs = 1_000;

export function checkRun(found: Found, seen: Seen, ledger: Ledger): void {
  const { inspection, run, view } = found;
  const { id, plan } = run;
  const isOver = view.status === "COMPLETED" || view.status === "CANCELLED";
  ledger.check("D5 every run that was accepted ends", isOver, () => {
    return `${id}: ${view.status} ${view.content ?? ""}`;
  });
  if (view.status === "COMPLETED") {
    const said = view.messages.filter(({ role }) => role === "assistant");
    const turns = said.map(({ content, tool_calls = [] }) => ({
      text: content,
      calls: tool_calls.map((call) => [
        call.id,
        call.function.name,
        JSON.parse(call.function.arguments) as unknown,
      ]),
    }));
    const planned = plan.turns.map(({ calls, text }) => ({
      text,
      calls: calls.map((call) => [call.id, call.name, call.args]),
    }));
    ledger.check(
      "a completed run holds each turn once, in order",
      canonicalJson(turns) === canonicalJson(planned),
      () => id,
    );
    const results = view.messages.filter(({ role }) => role === "tool");
    const expected = plan.turns.reduce((sum, { calls }) => sum + calls.length, 0);
    ledger.check("each call has one result", results.length === expected, () => id);
  } else if (view.status === "CANCELLED") {
    const isMeant = lineOf(run).some(({ plan: { cancelAfterMs } }) => cancelAfterMs !== null);
    ledger.check("only what was cancelled is cancelled", isMeant, () => id);
  }
  for (const call of inspection.calls) checkCall(found, call, seen, ledger);
  for (const record of found.held.values()) checkApproval(record, seen, ledger);
}

function checkCall(
  { held, run, view }: Found,
  { id, outcome, phase, tool_name }: Inspection["calls"][number],
  { askedMs, calledByRef, history, pauses }: Seen,
  ledger: Ledger,
): void {
  const planned = plannedCall(run, id);
  const tool = toolKinds[tool_name];
  ledger.check("a call is one that the model asked for", planned?.name === tool_name, () => id);
  if (planned === undefined || tool === undefined || !("ref" in planned.args)) return;
  const { ref } = planned.args;
  const calls = calledByRef.get(ref) ?? [];
  const approvals = [...held.values()].filter(({ call_id }) => call_id.split("~")[0] === id);
  const retried = approvals.filter(
    ({ resolution_data }) => resolution_data?.["action"] === "retry",
  );
  const keys = new Set(calls.map(({ key }) => key));
  const allowed = new Set([id, ...retried.map(({ call_id }) => call_id)]);
  const describe = (): string => {
    return `${id} ${tool_name} ${outcome}: ${calls.map(({ key, took }) => `${key} ${took}`).join(", ")}`;
  };

  ledger.check(
    "D1 a call has one key; a retry that a person allowed has its own",
    [...keys].every((key) => allowed.has(key)),
    describe,
  );
  ledger.check("D5 every call of a run that has ended has ended", phase === "ended", describe);
  if (tool.kind === "once") {
    ledger.check(
      "D2 a once-call is called at most once under a key",
      keys.size === calls.length,
      describe,
    );
  } else if (
    isCleared(approvals, tool.gated) &&
    view.status === "COMPLETED" &&
    outcome !== "failed"
  ) {
    const took = calls.some((call) => call.took);
    ledger.check("D1 a repeatable call that may run takes effect", took, describe);
  }
  const handedIn = approvals.some(({ resolution_data }) => resolution_data?.["action"] === "done");
  if (outcome === "succeeded" && !handedIn) {
    ledger.check(
      "D1 what succeeded took effect",
      calls.some((call) => call.took),
      describe,
    );
    const result = view.messages.find(({ tool_call_id }) => tool_call_id === planned.id)?.content;
    const expected = [doneBefore, `${tool_name} ${ref} took effect`];
    ledger.check("the result is the tool's own", expected.includes(result ?? ""), describe);
  }
  if (outcome === "failed" && view.status === "COMPLETED") {
    const result = view.messages.find(({ tool_call_id }) => tool_call_id === planned.id)?.content;
    const isExplained =
      result?.includes("did not answer within") === true ||
      calls.some(({ fault }) => fault !== null);
    ledger.check("a call fails only where its tool failed", isExplained, describe);
  }
  const endedMs =
    askedMs.get(`${turnOf(id) + 1} of ${run.plan.message}`) ?? Number.POSITIVE_INFINITY;
  for (const call of calls) {
    const { approval, args, atMs, key, runId, sentMs } = call;
    const over = Math.min(endedMs, history.endedMs.get(key) ?? Number.POSITIVE_INFINITY);
    const isEarly = sentMs <= over;
    ledger.check("D3 nothing is executed after its end was recorded", isEarly, describe);
    const stopped = stoppedMs(run);
    ledger.check(
      "D3 nothing is executed in a cancelled run",
      atMs < stopped + onItsWayMs || pauses.wasHeldUp(atMs),
      describe,
    );
    const isOwn = call.callId === id && runId === run.id && call.tool === tool_name;
    ledger.check("D1 a call is called by its own name", isOwn, describe);
    const record = approvals.find(({ call_id }) => call_id === key);
    if (tool.gated) {
      const holds = record?.status === "approved" && approval?.id === record.id;
      ledger.check("A1 a gated call runs under an approved record of its own", holds, describe);
      const early = (approval?.resolvedAtMs ?? Number.POSITIVE_INFINITY) > call.wallMs + 5;
      ledger.check("A1 a gated call runs after its decision", !early, describe);
    }
    const asPlanned = canonicalJson(args) === canonicalJson(planned.args);
    const asApproved =
      record === undefined || canonicalJson(args) === canonicalJson(record.tool_args);
    ledger.check(
      "A3 what is executed is what was asked and approved",
      asPlanned && asApproved,
      describe,
    );
  }
  for (const { call_id, status } of approvals) {
    if (status === "approved") continue;
    ledger.check(
      "A1 nothing runs that was rejected, expired or cancelled",
      !keys.has(call_id),
      describe,
    );
  }
}

/** Whether nothing stood in the call's way: no person refused it, and none was asked what became of it. */
function isCleared(approvals: readonly ApprovalRecord[], gated: boolean): boolean {
  return gated
    ? approvals.length === 1 && approvals[0]?.status === "approved"
    : approvals.length === 0;
}

function checkApproval(record: ApprovalRecord, seen: Seen, ledger: Ledger): void {
  const { call_outcome, id, resolved_by, status } = record;
  const answers = seen.decidedById.get(id) ?? [];
  const winners = answers.filter((answer) => answer.status === 200);
  const describe = (): string => {
    const told = answers.map(({ by, status, verdict }) => `${by} ${verdict.status} ${status}`);
    return `${id} ${status} by ${resolved_by}; ${told.join(", ")}`;
  };
  ledger.check("D7 every approval is closed", status !== "pending", describe);
  ledger.check("D5 every approval's call has an outcome", call_outcome !== null, describe);
  const fits = outcomes[status]?.includes(call_outcome ?? "") === true;
  ledger.check("D5 what became of a call fits its decision", fits, () => {
    return `${describe()}: ${call_outcome}`;
  });
  const isDecided = status === "approved" || status === "rejected";
  ledger.check(
    "A5 a decided approval has one winner, any other none",
    winners.length === (isDecided ? 1 : 0),
    describe,
  );
  for (const { by, record: told, verdict } of winners) {
    const isKept =
      status === verdict.status &&
      resolved_by === by &&
      canonicalJson(record.resolution_data ?? {}) === canonicalJson(verdict.resolution_data ?? {});
    ledger.check("D5 a decision that was acknowledged is the stored one", isKept, describe);
    const isSame = told !== null && verdictOf(told) === verdictOf(record);
    ledger.check("D5 a decision is as it was acknowledged", isSame, describe);
  }
  const closed = seen.history.closed.get(id);
  ledger.check("D4 an approval is as everyone saw it", closed === verdictOf(record), describe);
}

/** The tool server's log by itself. */
export function checkCalls(
  called: readonly Called[],
  known: ReadonlyMap<string, StartedRun>,
  ledger: Ledger,
): void {
  const refs = new Map<string, string>();
  for (const { args, key, runId, tool } of called) {
    const ref = `${runId} ${tool} ${String(args["ref"])}`;
    const before = refs.get(key) ?? ref;
    ledger.check("D1 no two calls share a key", before === ref, () => `${key}: ${before}, ${ref}`);
    refs.set(key, ref);
    ledger.check(
      "nothing is executed for a run that nobody started",
      known.has(runId),
      () => runId,
    );
  }
}

export function seenBy(
  world: { called: readonly Called[]; asked: readonly Asked[]; decided: readonly Decided[] },
  { history, pauses }: Pick<Seen, "history" | "pauses">,
): Seen {
  const askedMs = new Map<string, number>();
  for (const { run, sentMs, step } of world.asked) {
    const key = `${step} of ${run}`;
    askedMs.set(key, Math.min(askedMs.get(key) ?? sentMs, sentMs));
  }
  return {
    calledByRef: Map.groupBy(world.called, ({ args }) => String(args["ref"])),
    askedMs,
    decidedById: Map.groupBy(world.decided, ({ approvalId }) => approvalId),
    history,
    pauses,
  };
}

/** When the cancellation of the run, or of one above it, was acknowledged. */
function stoppedMs(run: StartedRun): number {
  return Math.min(...lineOf(run).map((one) => one.cancelledMs ?? Number.POSITIVE_INFINITY));
}

function turnOf(callId: string): number {
  return Number(callId.split(".")[1]) - 1;
}

function plannedCall(run: StartedRun, callId: string): PlannedCall | undefined {
  return run.plan.turns[turnOf(callId)]?.calls[Number(callId.split(".")[2])];
}
