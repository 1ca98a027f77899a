import { expect } from "vitest";
import { canonicalJson } from "../../../src/approval/call-hash.ts";
import type { Entry } from "../../../src/run/entry.ts";
import { eventReader } from "../../../src/run/events.ts";
import { approvalRows } from "../../../src/run/rows.ts";
import { apply } from "../../../src/run/fold.ts";
import { type ApprovalState, type CallState, type RunState } from "../../../src/run/state.ts";
import { approvalRecord } from "../../../src/run/view.ts";
import type { Execution, Simulation } from "./simulation.ts";
import { agentAfter } from "./toolbox.ts";

const tools = agentAfter("as it was")?.tools ?? new Map();

/** What must hold of a whole story: the world's log of what was executed, joined with the journal. */
export function checkStory(simulation: Simulation): void {
  const { executions, rows, state } = simulation;
  checkKeys(simulation);
  for (const call of state.calls.values()) {
    const executed = executions.some(({ callId }) => callId === call.id);
    const approvals = [...state.approvals.values()].filter(({ callId }) => callId === call.id);
    checkOutcome(call, executed, approvals);
  }
  checkQuestions(rows.flatMap(({ entries }) => entries));
  for (const { entries } of rows) checkRecords(entries);
  checkReplay(simulation);
  checkEvents(simulation);
}

/** One key is one call with one set of arguments, and where it may happen once it happens once. */
function checkKeys({ executions, state }: Simulation): void {
  for (const [key, same] of Map.groupBy(executions, (execution) => execution.key)) {
    const of = (field: keyof Execution) => new Set(same.map((execution) => execution[field])).size;
    expect([key, of("callId"), of("toolName"), of("args")]).toEqual([key, 1, 1, 1]);
    const done = same.filter(({ undone }) => undone !== true);
    if (done.some(({ effect }) => effect === "once")) expect([key, done.length]).toEqual([key, 1]);
  }
  for (const [callId, same] of Map.groupBy(executions, (execution) => execution.callId)) {
    if (new Set(same.map(({ key }) => key)).size === 1) continue;
    const retries = [...state.approvals.values()].filter(
      (approval) => approval.callId === callId && approval.reason === "unknown_outcome",
    );
    expect(retries.some(({ status }) => status === "approved")).toBe(true);
  }
}

/** What is said of a call is what happened, and what was decided about it. */
function checkOutcome(call: CallState, executed: boolean, approvals: ApprovalState[]): void {
  const { outcome, toolName } = call;
  const asked = approvals.filter(({ type }) => type === "required");
  expect([call.id, call.phase]).toEqual([call.id, "ended"]);
  if (executed) expect(["succeeded", "failed", "unknown"]).toContain(outcome);
  const no = call.userConfirmed && call.confirmed === false;
  if (outcome === "rejected") expect(no || asked.at(-1)?.status === "rejected").toBe(true);
  if (outcome === "expired") expect(asked.at(-1)?.status).toBe("expired");
  const audited = toolName === "log" || toolName.startsWith("audited");
  const expected = audited && (executed || call.userConfirmed) ? 1 : 0;
  expect([toolName, approvals.length - asked.length]).toEqual([toolName, expected]);
}

/** The record of an audited call stands in the row that ends the call. */
function checkRecords(entries: Entry[]): void {
  const ended = entries.flatMap((entry) => (entry.kind === "call_ended" ? [entry.callId] : []));
  for (const entry of entries)
    if (entry.kind === "approval_asked" && entry.type === "audit")
      expect(ended).toContain(entry.callId);
}

/** What a person has turned down is not asked again. */
function checkQuestions(entries: Entry[]): void {
  const asked = new Map<string, string>();
  const refused = new Set<string>();
  const names = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind === "step_ended")
      for (const call of entry.calls) names.set(call.id, call.toolName);
    if (entry.kind === "approval_asked") {
      const question = `${names.get(entry.callId)} ${canonicalJson(entry.args)}`;
      if (entry.reason === null && entry.type === "required")
        expect(refused).not.toContain(question);
      asked.set(entry.callId, question);
    }
    if (entry.kind === "call_ended" && ["rejected", "expired"].includes(entry.outcome))
      refused.add(asked.get(entry.callId) ?? "");
  }
}

/** The journal alone, as it was stored, gives the same run, the same events and the same copy in the database. */
function checkReplay({ state, rows, events }: Simulation): void {
  let replayed: RunState | null = null;
  const read = eventReader(tools);
  const copy = new Map<string, unknown>();
  for (const [at, row] of (JSON.parse(JSON.stringify(rows)) as typeof rows).entries()) {
    expect(row.seq).toBe(at + 1);
    expect(read(row).events).toEqual(events[at]);
    for (const entry of row.entries) replayed = apply(replayed, entry, row);
    if (replayed === null) throw new Error("A journal begins with a start.");
    for (const { record } of approvalRows(replayed, at, tools)) copy.set(record.id, record);
    for (const approval of replayed.approvals.values()) {
      const { run_status: _, requirements, ...record } = approvalRecord(replayed, approval, tools);
      expect(copy.get(approval.id)).toMatchObject(record);
      if (at === rows.length - 1) expect(copy.get(approval.id)).toMatchObject({ requirements });
    }
  }
  expect(replayed).toEqual(state);
  expect(copy.size).toBe(state.approvals.size);
}

/** A stream begins once, ends once, and pauses and goes on in turns. */
function checkEvents({ events }: Simulation): void {
  const names = events.flat().map(({ event }) => event);
  expect(names[0]).toBe("RunStarted");
  const ends = names.filter((name) => ["RunCompleted", "RunError", "RunCancelled"].includes(name));
  expect(ends).toHaveLength(1);
  const turns = names.filter((name) => name === "RunPaused" || name === "RunContinued");
  for (const [at, name] of turns.entries())
    expect(name).toBe(at % 2 === 0 ? "RunPaused" : "RunContinued");
}
