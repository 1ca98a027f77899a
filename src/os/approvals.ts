import type { z } from "@hono/zod-openapi";
import type { Decision } from "../approval/decision.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import { KernError } from "../errors.ts";
import { runOfApproval } from "../run/ids.ts";
import { messageVersion } from "../run/messages.ts";
import type {
  ApprovalFilter,
  Db,
  Deadline,
  OtherFilters,
  PendingList,
  StatusCounts,
  Total,
} from "../run/store.ts";
import type { ApprovalFilters, ApprovalQuery } from "./approval-query.ts";
import type { ApprovalPage } from "./approval-schemas.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { maySee, userOf } from "./own.ts";
import { deciderOf, mayDecide, type Principal } from "./principal.ts";
import { askRun, unwrap } from "./runs.ts";

type Env = Record<string, unknown>;

/** Everything that can be done to approvals, for the API and the panel alike. */
export interface Approvals {
  list(
    env: Env,
    query: z.output<typeof ApprovalQuery> & Pick<ApprovalFilter, "ended">,
    principal: Principal,
  ): Promise<z.output<typeof ApprovalPage>>;
  /** What is pending, what expires soonest first; `after` is where the page before ended. */
  listPending(
    env: Env,
    filters: OtherFilters,
    page: { limit: number; after: Deadline | null },
    principal: Principal,
  ): Promise<PendingList>;
  countByStatus(env: Env, principal: Principal): Promise<StatusCounts>;
  count(env: Env, filters: z.output<typeof ApprovalFilters>, principal: Principal): Promise<Total>;
  /** `waitMs`: how long to wait for its decision where it is pending. */
  get(env: Env, id: string, principal: Principal, waitMs?: number): Promise<ApprovalRecord>;
  /** The approval, and what the agent said when it asked for the call. */
  getWithClaim(
    env: Env,
    id: string,
    principal: Principal,
  ): Promise<{ approval: ApprovalRecord; said: string }>;
  resolve(
    env: Env,
    id: string,
    decision: Decision,
    principal: Principal,
    claim: string | null,
  ): Promise<ApprovalRecord>;
  /** Gives a pending approval until this moment, in epoch milliseconds. */
  extend(env: Env, id: string, expiresAtMs: number, principal: Principal): Promise<ApprovalRecord>;
  hide(env: Env, id: string, principal: Principal): Promise<void>;
}

export const noDb = "Approvals not available: pass a db to AgentOS to enable this feature.";
export const runsAgents =
  "A credential that runs agents cannot decide on approvals: use one without agents:run and teams:run.";
const maxDataBytes = 64 * 1024;

export function approvalsOf(db: Db | null): Approvals {
  const store = (env: Env) => {
    if (db === null) throw new KernError("unavailable", noDb);
    return db.connect(env);
  };
  const runOf = (id: string): string => {
    if (db === null) throw new KernError("unavailable", noDb);
    const runId = runOfApproval(id);
    if (runId === null) throw new KernError("not_found", "Approval not found");
    return runId;
  };
  const read = async (
    env: Env,
    id: string,
    principal: Principal,
    waitMs: number,
  ): Promise<{ approval: ApprovalRecord; said: string }> => {
    const runId = runOf(id);
    const untilMs = Date.now() + waitMs;
    // Asked again, because the run's object was reset, it waits for the time that is left.
    const reply = await askRun(env, runId, async (run) =>
      run.approval(id, Math.max(0, untilMs - Date.now())),
    );
    const { approval, said = "" } = unwrap(reply, "Approval");
    if (!maySee(principal, approval.requested_by))
      throw new KernError("not_found", "Approval not found");
    return { approval, said };
  };
  return {
    async list(env, { limit, page, cursor, ...asked }, principal) {
      const filter = ownFilter(asked, principal);
      if (cursor !== undefined && page > 1)
        throw new KernError("invalid_request", "Give a cursor or a page, not both.");
      const startedMs = performance.now();
      const from = cursor === undefined ? null : readCursor(cursor, filter);
      const place = from === null ? { offset: (page - 1) * limit } : { after: from.after };
      const list = await store(env).listApprovals(filter, { limit, ...place });
      const total = list.total ?? from?.total ?? { count: 0, isExact: false };
      return {
        data: list.records,
        meta: {
          page,
          limit,
          total_pages: Math.ceil(total.count / limit),
          total_count: total.count,
          search_time_ms: Math.round((performance.now() - startedMs) * 100) / 100,
          total_is_exact: total.isExact,
          next_cursor: list.next && writeCursor({ after: list.next, total }, filter),
        },
      };
    },
    async listPending(env, filters, page, principal) {
      return store(env).listPending(ownFilter(filters, principal), page);
    },
    async countByStatus(env, principal) {
      return store(env).countByStatus(ownFilter({}, principal));
    },
    async count(env, { status = "pending", ...others }, principal) {
      return store(env).countApprovals(ownFilter({ status, ...others }, principal));
    },
    async get(env, id, principal, waitMs = 0) {
      // Who may not see it is told so at once, as of one that is not there.
      if (principal.ownOnly && waitMs > 0) await read(env, id, principal, 0);
      return (await read(env, id, principal, waitMs)).approval;
    },
    async getWithClaim(env, id, principal) {
      return read(env, id, principal, 0);
    },
    async resolve(env, id, decision, principal, claim) {
      if (!mayDecide(principal)) throw new KernError("forbidden", runsAgents);
      const runId = runOf(id);
      if (principal.ownOnly) await read(env, id, principal, 0);
      if (
        decision.data !== null &&
        new TextEncoder().encode(JSON.stringify(decision.data)).length > maxDataBytes
      ) {
        throw new KernError(
          "invalid_request",
          `resolution_data is larger than ${maxDataBytes / 1024} KiB.`,
        );
      }
      const message = {
        v: messageVersion,
        approvalId: id,
        decision,
        decider: deciderOf(principal, claim),
      };
      return unwrap(await askRun(env, runId, async (run) => run.resolve(message)), "Approval")
        .approval;
    },
    async extend(env, id, expiresAtMs, principal) {
      if (!mayDecide(principal)) throw new KernError("forbidden", runsAgents);
      const runId = runOf(id);
      if (principal.ownOnly) await read(env, id, principal, 0);
      const decider = deciderOf(principal, null);
      const message = { v: messageVersion, approvalId: id, expiresAtMs, decider };
      const reply = await askRun(env, runId, async (run) => run.extend(message));
      return unwrap(reply, "Approval").approval;
    },
    async hide(env, id, principal) {
      const runId = runOf(id);
      if (principal.ownOnly) await read(env, id, principal, 0);
      unwrap(await askRun(env, runId, async (run) => run.hide(id)), "Approval");
    },
  };
}

/** Of who sees only their own, the list is led by their `user_id`, which has an index and is theirs in all their runs. */
function ownFilter<F extends OtherFilters>(filter: F, principal: Principal): F & OtherFilters {
  if (!principal.ownOnly) return filter;
  return { ...filter, user_id: userOf(principal, filter.user_id), requested_by: principal.id };
}
