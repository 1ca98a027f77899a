import { type Context, Hono } from "hono";
import type { ApprovalRecord } from "../../approval/record.ts";
import { KernError } from "../../errors.ts";
import { ApprovalDetail } from "../../panel/approval-detail.tsx";
import { fieldsOf, inputName } from "../../approval/control.ts";
import { type Draft, readAnswer, textsOf } from "../../approval/read-answer.ts";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import { decides } from "./forms.ts";
import { heldOf, mayStart } from "./held.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

/** Each approval's page, the form that decides, and the one that gives it more time. */
export function approvalPages(parts: PanelParts): Hono<OsEnv> {
  const { approvals, now } = parts;
  const app = new Hono<OsEnv>();

  /** What a page shows of an approval beside what came of a form. */
  const shownTo = async (c: Context<OsEnv>, approval: ApprovalRecord, said: string) => ({
    approval,
    said,
    before: await lastApproved(c, approval),
    held: mayStart(approval) ? await heldOf(c, parts, [approval]) : undefined,
    nowMs: now(),
    askName: c.var.principal.shared,
  });
  const lastApproved = async (
    c: Context<OsEnv>,
    { agent_id, id, status, team_id, tool_name }: ApprovalRecord,
  ): Promise<ApprovalRecord | null> => {
    if (status !== "pending") return null;
    const owner = agent_id === null ? { team_id: team_id ?? "" } : { agent_id };
    const query = { status: "approved" as const, tool_name, ...owner, limit: 1, page: 1 };
    try {
      const { data } = await approvals.list(c.env, query, c.var.principal);
      return data.find((one) => one.id !== id) ?? null;
    } catch (error) {
      // Whoever decides need not wait for a database that lists are read from.
      if (error instanceof KernError && error.code === "unavailable") return null;
      throw error;
    }
  };

  app.get("/approvals/:id", requires("approvals:read"), async (c) => {
    const found = await approvals.getWithClaim(c.env, c.req.param("id"), c.var.principal);
    return c.html(<ApprovalDetail {...await shownTo(c, found.approval, found.said)} />);
  });

  app.post("/approvals/:id", ...decides, async (c) => {
    const id = c.req.param("id");
    const typed = textsOf(await readForm(c));
    const { approval, said } = await approvals.getWithClaim(c.env, id, c.var.principal);
    const show = async (
      shown: ApprovalRecord,
      problem: string,
      status: 403 | 409 | 422 | 503,
      reasons: Draft["reasons"] = new Map(),
    ) =>
      c.html(
        <ApprovalDetail
          {...await shownTo(c, shown, said)}
          problem={problem}
          draft={{ typed, reasons }}
        />,
        status,
      );
    const answer = readAnswer(approval, typed);
    if (!answer.ok) {
      if (approval.status !== "pending") {
        const taken = words.approval.taken(words.statuses[approval.status]);
        return show(approval, taken, 409);
      }
      const problem =
        answer.reasons.size === 0 ? words.problems.unreadable : words.problems.seeBelow;
      return show(approval, words.approval.undecided(problem), 422, answer.reasons);
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
      const problem =
        reasons.size === 0 ? message : words.approval.undecided(words.problems.seeBelow);
      return show(approval, problem, 422, reasons);
    }
    return c.redirect(`/panel/approvals/${id}`, 303);
  });

  app.post("/approvals/:id/extend", ...decides, async (c) => {
    const id = c.req.param("id");
    const hours = Number(textsOf(await readForm(c)).get("hours"));
    const isUsual = [4, 24, 168, 720].includes(hours);
    try {
      if (!isUsual) throw new KernError("invalid_request", "Choose for how long.");
      await approvals.extend(c.env, id, now() + hours * 3_600_000, c.var.principal);
    } catch (error) {
      if (!(error instanceof KernError) || !isStatus(error.status)) throw error;
      const { approval, said } = await approvals.getWithClaim(c.env, id, c.var.principal);
      const shown = await shownTo(c, approval, said);
      const page = <ApprovalDetail {...shown} problem={error.message} />;
      return c.html(page, error.status);
    }
    return c.redirect(`/panel/approvals/${id}`, 303);
  });

  return app;
}

function isStatus(status: number): status is 403 | 409 | 422 {
  return [403, 409, 422].includes(status);
}
