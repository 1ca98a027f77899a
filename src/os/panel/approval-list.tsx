import { Hono } from "hono";
import { z } from "zod";
import { approvalStatuses } from "../../approval/record.ts";
import { ApprovalList, BatchOutcome } from "../../panel/approval-list.tsx";
import { ApprovalQuery } from "../approval-query.ts";
import { type OsEnv, requires } from "../auth.ts";
import { decideAll } from "../batch.ts";
import { readForm } from "../body.ts";
import { decides } from "./forms.ts";
import { heldOf } from "./held.ts";
import type { PanelParts } from "./parts.ts";

/** As many as are shown of what waits, those that lapse first on top; where more wait, the newest are. */
const pageSize = 50;

/** The list of approvals, and the form that decides several of them. */
export function approvalListPages(parts: PanelParts): Hono<OsEnv> {
  const { approvals, now } = parts;
  const app = new Hono<OsEnv>();

  app.get("/", requires("approvals:read"), async (c) => {
    const { env } = c;
    const { principal } = c.var;
    const { page: _page, ...given } = c.req.query();
    const asked = Object.fromEntries(
      Object.entries({ ...usual, ...given }).filter(([, value]) => value !== ""),
    );
    const limit = String(pageSize);
    const read = ApprovalQuery.safeParse({ ...asked, limit });
    const query = read.success ? read.data : ApprovalQuery.parse({ status: "pending", limit });
    const { cursor: _cursor, ...filter } = read.success ? asked : usual;
    const [{ data, meta }, counted] = await Promise.all([
      approvals.list(env, query, principal),
      Promise.all(
        approvalStatuses.map(async (status) => {
          const { count } = await approvals.count(env, { status }, principal);
          return [status, count] as const;
        }),
      ),
    ]);
    const isWhole = meta.next_cursor === null && query.cursor === undefined;
    const byExpiry = (at: number | null) => at ?? Number.POSITIVE_INFINITY;
    const isPending = query.status === "pending";
    const older = new URLSearchParams({ ...filter, cursor: meta.next_cursor ?? "" });
    return c.html(
      <ApprovalList
        approvals={
          isPending && isWhole
            ? data.toSorted((a, b) => byExpiry(a.expires_at) - byExpiry(b.expires_at))
            : data
        }
        held={await heldOf(c, parts, data)}
        counts={Object.fromEntries(counted) as Parameters<typeof ApprovalList>[0]["counts"]}
        filter={filter}
        older={meta.next_cursor === null ? null : `/panel?${older.toString()}`}
        nowMs={now()}
        askName={principal.shared}
        problem={read.success ? undefined : "That search cannot be read. This is what is waiting."}
      />,
      read.success ? 200 : 422,
    );
  });

  app.post("/batch", ...decides, async (c) => {
    const read = Batch.safeParse(await readForm(c, true));
    if (!read.success) {
      const problem = "Choose up to 100 approvals, and then what becomes of them.";
      const items = [{ id: "", toolName: problem, problem: "Nothing was decided.", status: "" }];
      return c.html(<BatchOutcome items={items} decision="decided" />, 422);
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
            status: answer.approval.status,
          }
        : { id: answer.approval_id, toolName: null, problem: answer.detail, status: "" },
    );
    return c.html(<BatchOutcome items={items} decision={decision} />);
  });

  return app;
}

const usual: Record<string, string> = { status: "pending" };

const Batch = z.object({
  id: z
    .union([z.string(), z.array(z.string())])
    .transform((ids) => [...new Set([ids].flat())])
    .pipe(z.array(z.string().min(1)).min(1).max(100)),
  decision: z.enum(["approved", "rejected"]),
  note: z.string().trim().max(4000).default(""),
  resolved_by: z.string().trim().max(255).default(""),
});
