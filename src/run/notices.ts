import { createHash } from "node:crypto";
import type { Notice, NoticeType } from "../approval/notice.ts";
import type { ApprovalStatus } from "../approval/record.ts";
import type { Tool } from "../tools/tool.ts";
import type { Entry } from "./entry.ts";
import type { JournalRow } from "./journal.ts";
import { type ApprovalState, rootOf, type RunState, statusOf } from "./state.ts";
import { approvalRecord, namesOf } from "./view.ts";

/** What a channel that is told of this run hears of these rows, in their order. What is of no use any more is left out. */
export function noticesIn(
  rows: Iterable<JournalRow>,
  state: RunState,
  { channelId, tools }: { channelId: string; tools: ReadonlyMap<string, Tool> },
): Notice[] {
  return happenings(rows, state).flatMap(({ approvalId, at, atMs, to, type }) => {
    const approval = approvalId === null ? null : (state.approvals.get(approvalId) ?? null);
    if (approval !== null && !concerns(approval, channelId)) return [];
    return {
      id: noticeId(state.id, at, channelId),
      type,
      atMs,
      run: {
        run_id: state.id,
        root_run_id: rootOf(state),
        session_id: state.sessionId,
        ...namesOf(state),
        user_id: state.userId,
        requested_by: state.requestedBy,
        status: statusOf(state),
      },
      approval: approval && approvalRecord(state, approval, tools),
      callbackUrl: state.callbackUrl ?? null,
      to,
    };
  });
}

/** Whether it has become pointless to tell this: a decided approval needs no reminder. */
export function isStale({ approval, type }: Notice): boolean {
  return passing.has(type) && approval !== null && approval.status !== "pending";
}

/** What speaks of an approval that still waits. */
const passing = new Set<NoticeType>([
  "approval.pending",
  "approval.voted",
  "approval.extended",
  "approval.reminded",
  "approval.escalated",
]);

interface Happening {
  type: NoticeType;
  /** Its place in the journal. */
  at: string;
  atMs: number;
  approvalId: string | null;
  to: string[] | null;
}

function happenings(rows: Iterable<JournalRow>, state: RunState): Happening[] {
  return [...rows].flatMap(({ atMs, entries, seq }) =>
    entries.flatMap((entry, index) => {
      const told = happeningOf(entry, state);
      return told === null ? [] : [{ to: null, ...told, atMs, at: `${seq}.${index}` }];
    }),
  );
}

type Told = Pick<Happening, "approvalId" | "type"> & { to?: string[] };

function happeningOf(entry: Entry, state: RunState): Told | null {
  switch (entry.kind) {
    case "approval_asked":
      return { type: "approval.pending", approvalId: entry.approvalId };
    case "approval_voted":
      return { type: "approval.voted", approvalId: entry.approvalId };
    case "approval_extended":
      return { type: "approval.extended", approvalId: entry.approvalId };
    case "approval_reminded":
      return { type: "approval.reminded", approvalId: entry.approvalId };
    case "approval_escalated":
      return { type: "approval.escalated", approvalId: entry.approvalId, to: [...entry.to] };
    case "approval_resolved":
      return { type: ends[entry.status], approvalId: entry.approvalId };
    case "call_ended": {
      // What was turned down has been told with the decision.
      if (!executed.has(entry.outcome)) return null;
      const { approvalId = null } = state.calls.get(entry.callId) ?? {};
      return approvalId === null ? null : { type: "approval.executed", approvalId };
    }
    case "completed":
      return state.member === null ? { type: "run.completed", approvalId: null } : null;
    case "failed":
      return state.member === null ? { type: "run.failed", approvalId: null } : null;
    default:
      return null;
  }
}

const ends = {
  approved: "approval.resolved",
  rejected: "approval.resolved",
  expired: "approval.expired",
  cancelled: "approval.cancelled",
} as const satisfies Record<Exclude<ApprovalStatus, "pending">, NoticeType>;

const executed = new Set(["succeeded", "failed", "refused", "unknown"]);

/** A record that nobody is asked about is told to nobody; neither is what was taken off every list. */
function concerns({ hidden, rules, type }: ApprovalState, channelId: string): boolean {
  const { notify = null } = rules;
  return type === "required" && !hidden && (notify === null || notify.includes(channelId));
}

function noticeId(runId: string, at: string, channelId: string): string {
  const hash = createHash("sha256").update(`kern.notice.v1\n${runId}\n${at}\n${channelId}`);
  return `msg_${hash.digest("hex").slice(0, 32)}`;
}
