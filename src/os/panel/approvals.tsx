import { Hono } from "hono";
import type { ApprovalRecord } from "../../approval/record.ts";
import { KernError } from "../../errors.ts";
import { ApprovalDetail, ApprovalList } from "../../panel/approvals.tsx";
import { fieldsOf, inputName } from "../../panel/control.ts";
import { type Draft, readAnswer, textsOf } from "../../panel/read-answer.ts";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import { ownForms } from "./forms.ts";
import type { PanelParts } from "./parts.ts";

const pageSize = 50;

/** What waits for somebody: the list, each approval, and the form that decides. */
export function approvalPages({ approvals, now }: PanelParts): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/", requires("approvals:read"), async (c) => {
    const asked = Number(c.req.query("page") ?? 1);
    const page = Number.isInteger(asked) && asked >= 1 && asked < 1e6 ? asked : 1;
    const query = { status: "pending" as const, limit: pageSize, page };
    const { data, meta } = await approvals.list(c.env, query, c.var.principal);
    return c.html(
      <ApprovalList
        approvals={data}
        total={meta.total_count}
        page={page}
        pages={meta.total_pages}
        nowMs={now()}
      />,
    );
  });

  app.get("/approvals/:id", requires("approvals:read"), async (c) => {
    const approval = await approvals.get(c.env, c.req.param("id"), c.var.principal);
    return c.html(
      <ApprovalDetail approval={approval} nowMs={now()} askName={c.var.principal.shared} />,
    );
  });

  const decides = [ownForms, requires("approvals:write"), requires("approvals:read")] as const;
  app.post("/approvals/:id", ...decides, async (c) => {
    const id = c.req.param("id");
    const typed = textsOf(await readForm(c));
    const approval = await approvals.get(c.env, id, c.var.principal);
    const show = (
      shown: ApprovalRecord,
      problem: string,
      status: 403 | 409 | 422 | 503,
      reasons: Draft["reasons"] = new Map(),
    ) =>
      c.html(
        <ApprovalDetail
          approval={shown}
          nowMs={now()}
          askName={c.var.principal.shared}
          problem={problem}
          draft={{ typed, reasons }}
        />,
        status,
      );
    const answer = readAnswer(approval, typed);
    if (!answer.ok) {
      if (approval.status !== "pending") {
        const taken = `Approval is already '${approval.status}' and cannot be resolved`;
        return show(approval, taken, 409);
      }
      const problem = answer.reasons.size === 0 ? "That answer cannot be read." : seeBelow;
      return show(approval, `${problem} Nothing was decided.`, 422, answer.reasons);
    }
    try {
      await approvals.resolve(c.env, id, answer.decision, c.var.principal, answer.by);
    } catch (error) {
      if (!(error instanceof KernError)) throw error;
      const { code, fields, message } = error;
      if (code === "conflict") {
        return show(await approvals.get(c.env, id, c.var.principal), message, 409);
      }
      if (code === "unavailable") return show(approval, message, 503);
      if (code === "forbidden")
        return show(await approvals.get(c.env, id, c.var.principal), message, 403);
      if (code !== "invalid_request") throw error;
      const reasons = new Map(
        fieldsOf(approval).flatMap((field) => {
          const reason = Object.hasOwn(fields, field.name) ? fields[field.name] : undefined;
          return reason === undefined ? [] : [[inputName(field), reason] as const];
        }),
      );
      const problem = reasons.size === 0 ? message : `${seeBelow} Nothing was decided.`;
      return show(approval, problem, 422, reasons);
    }
    return c.redirect(`/panel/approvals/${id}`, 303);
  });

  return app;
}

const seeBelow = "Something does not fit: see what is said of it below.";
