import type { SQL } from "drizzle-orm";
import { type ApprovalRecord, type ApprovalStatus, approvalStatuses } from "../approval/record.ts";
import type { ApprovalList, PendingList, StatusCounts, Total } from "../run/store.ts";
import type { Search } from "./search.ts";

/** Of each status its count, as a selection. */
export function eachStatus(countOf: (status: ApprovalStatus) => SQL) {
  return Object.fromEntries(
    approvalStatuses.map((status) => [status, countOf(status).mapWith(Number).as(status)]),
  ) as Record<ApprovalStatus, SQL.Aliased<number>>;
}

export function total(count: SQL, isExact: SQL) {
  return {
    count: count.mapWith(Number).as("count"),
    isExact: isExact.mapWith(Boolean).as("is_exact"),
  };
}

/** What was read for a page of `limit`: its rows, and one more where there is one; and where the window ends, if it does. */
export interface Read {
  rows: (ApprovalRecord & { at: number })[];
  total: Total | null;
  end: { at: number; id: string } | null;
}

export function listOf(read: Read, limit: number, search: Search): ApprovalList {
  const next = endOf(read, limit, search);
  return {
    records: recordsOf(read, limit),
    total: read.total,
    next: next && { created_at_ms: next.at, id: next.id },
  };
}

export function pendingListOf(read: Read, limit: number, search: Search): PendingList {
  const next = endOf(read, limit, search);
  return {
    records: recordsOf(read, limit),
    next: next && { expires_at: next.at === never ? null : next.at, id: next.id },
  };
}

function recordsOf({ rows }: Read, limit: number): ApprovalRecord[] {
  return rows.slice(0, limit).map(({ at: _at, ...record }) => record);
}

function endOf({ end, rows, total }: Read, limit: number, { rest }: Search): Read["end"] {
  const last = rows[limit - 1];
  if (rows.length > limit && last !== undefined) return last;
  const isOver = rest === undefined || total?.isExact === true;
  return isOver ? null : end;
}

/** `bounded`: of which statuses no more than `most` were counted, and one more where there is one. */
export function statusCountsOf(
  counts: (Record<ApprovalStatus, number> & { isExact: boolean }) | undefined,
  bounded: readonly ApprovalStatus[] = [],
  most = Number.POSITIVE_INFINITY,
): StatusCounts {
  const totalOf = (status: ApprovalStatus): Total => {
    const count = counts?.[status] ?? 0;
    const isBeyond = bounded.includes(status) && count > most;
    return isBeyond ? { count: most, isExact: false } : { count, isExact: counts?.isExact ?? true };
  };
  return Object.fromEntries(
    approvalStatuses.map((status) => [status, totalOf(status)]),
  ) as StatusCounts;
}

/** Stands for the expiry of what never expires: beyond any other, in the index as in the queries. */
export const never = Number.MAX_SAFE_INTEGER;
