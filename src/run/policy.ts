import type { Person } from "../approval/person.ts";
import type { Entry } from "./entry.ts";
import { type ApprovalState, pendingApprovals, type RunState } from "./state.ts";

/** Everyone on whose behalf the run's calls are: who started it, through whatever team, and the user that was named. */
export function requestersOf({ requestedBy, requester, userId }: RunState): Person[] {
  return [
    { principal: requestedBy, aliases: requester?.aliases ?? [] },
    ...(userId === null ? [] : [{ principal: userId, aliases: [] }]),
  ];
}

/** What the clock brings to an approval that nobody decides on. */
interface Event {
  atMs: number;
  entry: Entry;
}

/** What is to come, of a pending approval, before it lapses: a reminder, or that others may decide as well. */
function eventsOf(approval: ApprovalState): Event[] {
  const { createdAtMs, escalatedAtMs, id: approvalId, remindedAtMs, rules } = approval;
  const events: Event[] = [];
  const remindAfterMs = rules.remindAfterMs[remindedAtMs.length];
  if (remindAfterMs !== undefined)
    events.push({
      atMs: createdAtMs + remindAfterMs,
      entry: { kind: "approval_reminded", approvalId },
    });
  const escalate = rules.escalate[escalatedAtMs.length];
  if (escalate !== undefined)
    events.push({
      atMs: createdAtMs + escalate.afterMs,
      entry: { kind: "approval_escalated", approvalId, to: escalate.to },
    });
  return events;
}

/** When something comes to a pending approval next: a reminder, an escalation, its end. */
export function clocks(state: RunState): number[] {
  return pendingApprovals(state).flatMap((approval) => [
    ...eventsOf(approval).map(({ atMs }) => atMs),
    ...(approval.expiresAtMs === null ? [] : [approval.expiresAtMs]),
  ]);
}

/** What has come to pending approvals by now. */
export function dueEvents(state: RunState, nowMs: number): Entry[] {
  return pendingApprovals(state)
    .flatMap((approval) => eventsOf(approval))
    .filter(({ atMs }) => atMs <= nowMs)
    .map(({ entry }) => entry);
}
