import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { KernError } from "../errors.ts";
import type { Db, RunRow, SessionRow, SessionStore } from "../run/store.ts";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { badForm, onInvalid } from "./errors.ts";
import { exampleRun } from "./examples.ts";
import { inTurn } from "./in-turn.ts";
import { cancelLeftBehind } from "./left-behind.ts";
import { maySee, userOf } from "./own.ts";
import type { Principal } from "./principal.ts";
import { type Detail, json, refusals } from "./responses.ts";
import {
  OneSessionQuery,
  RenameRequest,
  SessionDetail,
  SessionPage,
  SessionQuery,
  SessionRun,
  SessionRunsQuery,
} from "./session-schemas.ts";
import { sessionDetail, sessionRun, sessionView } from "./session-views.ts";

type Env = Record<string, unknown>;
type Narrowed = z.output<typeof OneSessionQuery>;

/** How many runs the detail of a session tells the messages of. */
const chatRuns = 100;

const params = z.object({
  session_id: z.string().describe("The session's id.").openapi({ example: exampleRun.session_id }),
});
const tags = ["Sessions"];
const noDb = "Sessions not available: pass a db to AgentOS to enable this feature.";
const otherDb = "Database not found";
const told = { 404: [otherDb], 503: [noDb] };
const notFound = () => new KernError("not_found", "Session not found");

export function sessionRoutes(db: Db | null, now: () => number): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const store = (env: Env, { db_id }: Narrowed): SessionStore => {
    if (db === null) throw new KernError("unavailable", noDb);
    if (db_id !== undefined && db_id !== db.id) throw new KernError("not_found", otherDb);
    return db.connect(env).sessions;
  };
  const find = async (
    env: Env,
    id: string,
    narrowed: Narrowed,
    principal: Principal,
  ): Promise<SessionRow> => {
    const session = await store(env, narrowed).read(id);
    const { type = session?.type } = narrowed;
    const user_id = userOf(principal, narrowed.user_id) ?? session?.user_id;
    if (session === null || session.user_id !== user_id || session.type !== type) throw notFound();
    return session;
  };

  app.openapi(
    createRoute({
      method: "get",
      path: "/sessions",
      operationId: "listSessions",
      tags,
      summary: "List sessions, newest first",
      description:
        "Sorted otherwise than by created_at, or narrowed by more than user_id, it looks at the newest 10,000.",
      middleware: requires("sessions:read"),
      request: { query: SessionQuery },
      responses: {
        200: json(SessionPage, "A page of sessions."),
        ...refusals(401, 403, { ...told, 422: [badLimit(1000)] }),
      },
    }),
    async (c) => {
      const startedMs = performance.now();
      const query = c.req.valid("query");
      const { component_id, limit, session_name: name, sort_by: sortBy, type } = query;
      const user_id = userOf(c.var.principal, query.user_id);
      const page = Math.max(1, query.page);
      const { sessions, total } = await store(c.env, query).list(
        { user_id, type, component_id, name },
        { limit, offset: (page - 1) * limit, sortBy, ascending: query.sort_order === "asc" },
      );
      const meta = {
        page,
        limit,
        total_pages: Math.ceil(total.count / limit),
        total_count: total.count,
        search_time_ms: Math.round((performance.now() - startedMs) * 100) / 100,
        total_is_exact: total.isExact,
      };
      return c.json({ data: sessions.map(sessionView), meta }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/sessions/{session_id}",
      operationId: "getSession",
      tags,
      summary: "Read a session",
      middleware: requires("sessions:read"),
      request: { params, query: OneSessionQuery },
      responses: {
        200: json(SessionDetail, "The session and what was said in it."),
        ...refusals(401, 403, { ...told, 422: [badWord("user_id")] }),
      },
    }),
    async (c) => {
      const query = c.req.valid("query");
      const session = await find(c.env, c.req.valid("param").session_id, query, c.var.principal);
      const runs = seen(await store(c.env, query).runs(session, chatRuns, 0), c.var.principal);
      return c.json(sessionDetail(session, runs), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/sessions/{session_id}/runs",
      operationId: "listSessionRuns",
      tags,
      summary: "List a session's runs",
      description: "The newest last, each with what it waits for.",
      middleware: requires("sessions:read"),
      request: { params, query: SessionRunsQuery },
      responses: {
        200: json(z.array(SessionRun), "A page of the session's runs."),
        ...refusals(401, 403, { ...told, 422: [badLimit(100)] }),
      },
    }),
    async (c) => {
      const query = c.req.valid("query");
      const { limit } = query;
      const session = await find(c.env, c.req.valid("param").session_id, query, c.var.principal);
      const offset = (Math.max(1, query.page) - 1) * limit;
      const all = await store(c.env, query).runs(session, limit, offset);
      const rows = seen(all, c.var.principal);
      return c.json(await inTurn(rows.reverse(), async (row) => sessionRun(c.env, row)), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/sessions/{session_id}/rename",
      operationId: "renameSession",
      tags,
      summary: "Rename a session",
      middleware: requires("sessions:write"),
      request: { params, query: OneSessionQuery, body: bodies(RenameRequest) },
      responses: {
        200: json(SessionDetail, "The session by its new name."),
        ...refusals(401, 403, 413, 415, {
          ...told,
          400: [badForm],
          422: [
            [{ type: "custom", loc: ["body", "session_name"], msg: "The name must not be empty." }],
          ],
        }),
      },
    }),
    (async (c: Narrowing) => {
      const query = c.req.valid("query");
      const body = await readBody(c, RenameRequest);
      if ("response" in body) return body.response;
      const { id } = await find(c.env, c.req.param("session_id") ?? "", query, c.var.principal);
      const sessions = store(c.env, query);
      const session = await sessions.rename(id, body.value.session_name, now());
      if (session === null) throw notFound();
      const runs = seen(await sessions.runs(session, chatRuns, 0), c.var.principal);
      return c.json(sessionDetail(session, runs), 200);
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/sessions/{session_id}",
      operationId: "deleteSession",
      tags,
      summary: "Delete a session",
      description:
        "What waits in it is cancelled; its runs stay as evidence. A later run with its id begins it anew, without what was before.",
      middleware: requires("sessions:write"),
      request: { params, query: OneSessionQuery },
      responses: {
        204: { description: "Deleted." },
        ...refusals(401, 403, { ...told, 422: [badWord("user_id")] }),
      },
    }),
    async (c) => {
      const query = c.req.valid("query");
      const { id } = await find(c.env, c.req.valid("param").session_id, query, c.var.principal);
      const sessions = store(c.env, query);
      if (!(await sessions.delete(id, now()))) throw notFound();
      await cancelLeftBehind(c.env, sessions, { sessionId: id });
      return c.body(null, 204);
    },
  );

  return app;
}

/** Of a session from before users saw their own alone, others may have started runs under its user's name. */
function seen(runs: RunRow[], principal: Principal): RunRow[] {
  return runs.filter(({ requested_by }) => maySee(principal, requested_by));
}

/** What is said of a part of the query that must not be empty. */
function badWord(name: string): Detail {
  const msg = "Too small: expected string to have >=1 characters";
  return [{ type: "too_small", loc: ["query", name], msg }];
}

function badLimit(most: number): Detail {
  const msg = `Too big: expected number to be <=${most}`;
  return [{ type: "too_big", loc: ["query", "limit"], msg }];
}

type Narrowing = Context<OsEnv, string, { out: { query: Narrowed } }>;
