import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { RunView } from "../../src/run/view.ts";
import type { Ledger } from "./ledger.ts";

/** When a reading was asked for, and when it was there. */
export interface Span {
  sentMs: number;
  gotMs: number;
}

/** Where an approval was seen: at its object, or in the database's copy, which may lag but not go back. */
export type Source = "object" | "list";

/** Everything that anyone has seen, each reading checked against those that were over before it began. */
export interface History {
  approval(source: Source, record: ApprovalRecord, span: Span): void;
  run(view: RunView, span: Span): void;
  /** The runtime has told of the end of an approval's call, by its own clock. */
  ended(record: ApprovalRecord, sentMs: number): void;
  /** What the object itself said of each approval that it called closed. */
  readonly closed: ReadonlyMap<string, string>;
  /** When the end of an approval's call was first told, by the key that the approval is bound to. */
  readonly endedMs: ReadonlyMap<string, number>;
}

const ended = new Set(["COMPLETED", "CANCELLED", "ERROR"]);

export function createHistory(ledger: Ledger): History {
  const closed = new Map<string, string>();
  const closedMs: Record<Source, Map<string, number>> = { object: new Map(), list: new Map() };
  const outcomes = new Map<string, string>();
  const endedMs = new Map<string, number>();
  const runs = new Map<string, { status: string; gotMs: number; results: Map<string, string> }>();

  const look = (name: string, id: string, before: unknown, now: unknown): void =>
    ledger.check(name, before === undefined || before === now, () => {
      return `${id}: ${JSON.stringify(before)} became ${JSON.stringify(now)}`;
    });
  return {
    approval(source, record, { gotMs, sentMs }) {
      const { call_outcome, id, status } = record;
      const sinceMs = closedMs[source].get(id) ?? Number.POSITIVE_INFINITY;
      ledger.check(
        "D4 an approval that was seen closed is never seen open again",
        status !== "pending" || sentMs <= sinceMs,
        () => `${id} by ${source}, ${sentMs - sinceMs} ms later`,
      );
      if (status !== "pending") {
        const verdict = verdictOf(record);
        look("D4 an approval is closed once", id, closed.get(id), verdict);
        closed.set(id, verdict);
        closedMs[source].set(id, Math.min(sinceMs, gotMs));
      }
      if (call_outcome !== null) {
        look("D3 a call ends once", id, outcomes.get(id), call_outcome);
        outcomes.set(id, call_outcome);
      }
    },
    run({ messages, run_id: id, status }, { gotMs, sentMs }) {
      const before = runs.get(id);
      const results = new Map(
        messages.map(({ content, tool_call_id }) => [tool_call_id ?? "", content]),
      );
      results.delete("");
      if (before === undefined || before.gotMs <= sentMs) {
        const what = "D4 a run that was seen ended is never seen otherwise";
        look(what, id, before && ended.has(before.status) ? before.status : undefined, status);
      }
      for (const [call, result] of before?.results ?? []) {
        const now = results.get(call);
        if (now === undefined && (before?.gotMs ?? 0) > sentMs) continue;
        look("D3 what a call came to is never lost or changed", `${id} ${call}`, result, now);
      }
      if (before === undefined || before.gotMs <= sentMs) runs.set(id, { status, gotMs, results });
    },
    ended({ call_id, call_outcome }, sentMs) {
      if (call_outcome === null) return;
      endedMs.set(call_id, Math.min(endedMs.get(call_id) ?? sentMs, sentMs));
    },
    closed,
    endedMs,
  };
}

/** What of a closed approval may never change. */
export function verdictOf(record: ApprovalRecord): string {
  const { id, resolution_data, resolved_at, resolved_by, status, tool_args } = record;
  return JSON.stringify([id, status, resolved_by, resolved_at, resolution_data, tool_args]);
}
