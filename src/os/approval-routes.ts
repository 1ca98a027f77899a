import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { ApprovalFilters, ApprovalQuery, StatusQuery } from "./approval-query.ts";
import {
  Approval,
  ApprovalCount,
  ApprovalPage,
  ApprovalState,
  Resolution,
  Extension,
} from "./approval-schemas.ts";
import { type Approvals, noDb, runsAgents } from "./approvals.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { exampleApproval, exampleDecided } from "./examples.ts";
import { json, refusals } from "./responses.ts";
import { unreachable } from "./runs.ts";

const params = z.object({
  approval_id: z.string().describe("The approval's id.").openapi({ example: exampleApproval.id }),
});
const tags = ["Approvals"];

export function approvalRoutes(approvals: Approvals, now: () => number): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });

  app.openapi(
    createRoute({
      method: "get",
      path: "/approvals",
      operationId: "listApprovals",
      tags,
      summary: "List approvals, newest first",
      description:
        "Pages by number, or, at the same speed however far, by `cursor`: it misses and repeats nothing while approvals " +
        "are added. Beside run_id, user_id, team_id, workflow_id, schedule_id or status, and the times, any further filter " +
        "looks at the newest 10,000 of what one of them leaves, and next_cursor goes on from there: a page may be " +
        "short, or empty, and not be the last.",
      middleware: requires("approvals:read"),
      request: { query: ApprovalQuery },
      responses: {
        200: json(ApprovalPage, "A page of approvals."),
        ...refusals(401, 403, {
          422: [
            [
              {
                type: "too_big",
                loc: ["query", "limit"],
                msg: "Too big: expected number to be <=1000",
              },
            ],
            "Give a cursor or a page, not both.",
          ],
          503: [noDb],
        }),
      },
    }),
    async (c) => c.json(await approvals.list(c.env, c.req.valid("query"), c.var.principal), 200),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/approvals/count",
      operationId: "countApprovals",
      tags,
      summary: "Count approvals",
      description: "The pending ones, unless `status` says otherwise.",
      middleware: requires("approvals:read"),
      request: { query: ApprovalFilters },
      responses: {
        200: json(ApprovalCount, "How many there are."),
        ...refusals(401, 403, {
          422: [
            [
              {
                type: "too_small",
                loc: ["query", "user_id"],
                msg: "Too small: expected string to have >=1 characters",
              },
            ],
          ],
          503: [noDb],
        }),
      },
    }),
    async (c) => {
      const { count, isExact } = await approvals.count(
        c.env,
        c.req.valid("query"),
        c.var.principal,
      );
      return c.json({ count, ...(!isExact && { is_exact: false as const }) }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/approvals/{approval_id}",
      operationId: "getApproval",
      tags,
      summary: "Read an approval",
      middleware: requires("approvals:read"),
      request: { params },
      responses: {
        200: json(Approval, "The approval, as the run's object holds it."),
        ...refusals(401, 403, 404, { 503: [noDb, unreachable] }),
      },
    }),
    async (c) => {
      const { approval_id } = c.req.valid("param");
      return c.json(await approvals.get(c.env, approval_id, c.var.principal), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/approvals/{approval_id}/status",
      operationId: "getApprovalStatus",
      tags,
      summary: "Read where an approval stands",
      description: "With `wait`, answers as soon as it is decided, or when the time is over.",
      middleware: requires("approvals:read"),
      request: { params, query: StatusQuery },
      responses: {
        200: json(ApprovalState, "The approval's state."),
        ...refusals(401, 403, 404, {
          422: [
            [
              {
                type: "too_big",
                loc: ["query", "wait"],
                msg: "Too big: expected number to be <=30",
              },
            ],
          ],
          503: [noDb, unreachable],
        }),
      },
    }),
    async (c) => {
      const { id, status, run_id, resolved_at, resolved_by } = await approvals.get(
        c.env,
        c.req.valid("param").approval_id,
        c.var.principal,
        c.req.valid("query").wait * 1000,
      );
      return c.json({ approval_id: id, status, run_id, resolved_at, resolved_by }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/approvals/{approval_id}/resolve",
      operationId: "resolveApproval",
      tags,
      summary: "Approve or reject",
      description:
        "The first decision wins, and the run goes on by itself. The same decision by the same person, repeated, is answered with the record again; any other one after the first is 409.",
      middleware: requires("approvals:write"),
      request: {
        params,
        body: { content: { "application/json": { schema: Resolution } }, required: true },
      },
      responses: {
        200: json(Approval, "The approval as decided.", exampleDecided),
        ...refusals(400, 401, 404, 413, 415, {
          403: [
            runsAgents,
            "This approval is for group:finance.",
            "Whoever asked for a call cannot decide on it.",
            "You have voted on this approval already.",
          ],
          409: ["Approval is already 'approved' and cannot be resolved"],
          422: [
            [
              {
                type: "invalid_value",
                loc: ["body", "status"],
                msg: 'Invalid option: expected one of "approved"|"rejected"',
              },
            ],
            "Approving an external execution needs resolution_data.result: what the tool returned.",
          ],
          503: [noDb, unreachable],
        }),
      },
    }),
    async (c) => {
      const { status, resolved_by, resolution_data } = c.req.valid("json");
      const decision = { status, data: resolution_data ?? null };
      const { approval_id } = c.req.valid("param");
      return c.json(
        await approvals.resolve(c.env, approval_id, decision, c.var.principal, resolved_by ?? null),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/approvals/{approval_id}/extend",
      operationId: "extendApproval",
      tags,
      summary: "Give an approval more time",
      description:
        "Until when a pending approval waits, later than it would; whoever may decide on it may say so.",
      middleware: requires("approvals:write"),
      request: {
        params,
        body: { content: { "application/json": { schema: Extension } }, required: true },
      },
      responses: {
        200: json(Approval, "The approval with its new time."),
        ...refusals(400, 401, 404, 413, 415, {
          403: ["Whoever asked for a call cannot decide on it."],
          409: ["Approval is already 'approved' and cannot be resolved"],
          422: [
            "Give a time from now on, at most a year ahead.",
            "An approval can be given more time, not less: to end it, decide on it.",
          ],
          503: [noDb, unreachable],
        }),
      },
    }),
    async (c) => {
      const { expires_at, expires_in = 0 } = c.req.valid("json");
      const atMs = expires_at === undefined ? now() + expires_in * 1000 : expires_at * 1000;
      const { approval_id } = c.req.valid("param");
      return c.json(await approvals.extend(c.env, approval_id, atMs, c.var.principal), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/approvals/{approval_id}",
      operationId: "deleteApproval",
      tags,
      summary: "Hide a closed approval",
      description: "No list, count or read finds it any more; its evidence stays with the run.",
      middleware: requires("approvals:delete"),
      request: { params },
      responses: {
        204: { description: "Hidden." },
        ...refusals(401, 403, 404, {
          409: [
            "The approval's call has not ended: resolve it or cancel the run first",
            "An audit record cannot be deleted",
          ],
          503: [noDb, unreachable],
        }),
      },
    }),
    async (c) => {
      await approvals.hide(c.env, c.req.valid("param").approval_id, c.var.principal);
      return c.body(null, 204);
    },
  );

  return app;
}
