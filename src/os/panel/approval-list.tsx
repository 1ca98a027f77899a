import { Hono } from "hono";
import { z } from "zod";
import type { Deadline } from "../../run/store.ts";
import { ApprovalList, BatchOutcome } from "../../panel/approval-list.tsx";
import { ApprovalQuery } from "../approval-query.ts";
import { type OsEnv, requires } from "../auth.ts";
import { decideAll } from "../batch.ts";
import { readForm } from "../body.ts";
import type { Principal } from "../principal.ts";
import { decides } from "./forms.ts";
import { heldOf } from "./held.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

const pageSize = 50;

/** The list of approvals, and the form that decides several of them. */
export function approvalListPages(parts: PanelParts): Hono<OsEnv> {
  const { approvals, now } = parts;
  const app = new Hono<OsEnv>();

  /** What is pending comes by its expiry, and all else newest first; each of them has places of its own. */
  const pageOf = async (
    env: OsEnv["Bindings"],
    { status, ...query }: z.output<typeof QueryOfPage>,
    principal: Principal,
  ) => {
    if (status !== "pending") {
      const { data, meta } = await approvals.list(env, { status, ...query }, principal);
      return { found: data, next: meta.next_cursor };
    }
    const { cursor = "", limit, page: _page, ...filters } = query;
    const asked = { limit, after: placeOf(cursor) };
    const { next, records } = await approvals.listPending(env, filters, asked, principal);
    return { found: records, next: next && `${next.expires_at ?? "never"}.${next.id}` };
  };

  app.get("/", requires("approvals:read"), async (c) => {
    const { env } = c;
    const { principal } = c.var;
    const { page: _page, ...given } = c.req.query();
    const asked = Object.fromEntries(
      Object.entries({ ...usual, ...given }).filter(([, value]) => value !== ""),
    );
    const limit = String(pageSize);
    const read = QueryOfPage.safeParse({ ...asked, limit });
    const query = read.success ? read.data : QueryOfPage.parse({ status: "pending", limit });
    const { cursor: _cursor, ...filter } = read.success ? asked : usual;
    const [{ found, next }, counts] = await Promise.all([
      pageOf(env, query, principal),
      approvals.countByStatus(env, principal),
    ]);
    const addressOf = (more: Record<string, string>) =>
      `/panel?${new URLSearchParams({ ...filter, ...more }).toString()}`;
    return c.html(
      <ApprovalList
        approvals={found}
        held={await heldOf(c, parts, found)}
        counts={counts}
        filter={filter}
        first={query.cursor === undefined ? null : addressOf({})}
        further={next === null ? null : addressOf({ cursor: next })}
        nowMs={now()}
        askName={principal.shared}
        problem={read.success ? undefined : words.approvals.unreadable}
      />,
      read.success ? 200 : 422,
    );
  });

  app.post("/batch", ...decides, async (c) => {
    const read = Batch.safeParse(await readForm(c, true));
    if (!read.success) {
      const problem = words.approvals.chooseSome;
      const items = [
        { id: "", toolName: problem, problem: words.approvals.nothingDecided, status: "" },
      ];
      return c.html(<BatchOutcome items={items} decision={words.approvals.decided} />, 422);
    }
    const { decision, id: ids, note, resolved_by: by } = read.data;
    const data = note === "" ? null : { note };
    const { principal } = c.var;
    const answers = await decideAll(
      ids.map((approval_id) => ({ approval_id })),
      async ({ approval_id }) =>
        approvals.resolve(c.env, approval_id, { status: decision, data }, principal, by || null),
    );
    const items = answers.map((answer) =>
      answer.ok
        ? {
            id: answer.approval_id,
            toolName: answer.approval.tool_name,
            problem: null,
            status: words.statuses[answer.approval.status],
          }
        : { id: answer.approval_id, toolName: null, problem: answer.detail, status: "" },
    );
    return c.html(<BatchOutcome items={items} decision={words.statuses[decision]} />);
  });

  return app;
}

const usual: Record<string, string> = { status: "pending" };

/** A cursor of what is pending is a place; any other is one of the API's. */
const QueryOfPage = ApprovalQuery.refine(
  ({ cursor, status }) => cursor === undefined || status !== "pending" || placeOf(cursor) !== null,
);

function placeOf(text: string): Deadline | null {
  const [, at, id] = /^(never|\d{1,15})\.(\w{1,100})$/.exec(text) ?? [];
  if (at === undefined || id === undefined) return null;
  return { expires_at: at === "never" ? null : Number(at), id };
}

const Batch = z.object({
  id: z
    .union([z.string(), z.array(z.string())])
    .transform((ids) => [...new Set([ids].flat())])
    .pipe(z.array(z.string().min(1)).min(1).max(100)),
  decision: z.enum(["approved", "rejected"]),
  note: z.string().trim().max(4000).default(""),
  resolved_by: z.string().trim().max(255).default(""),
});
