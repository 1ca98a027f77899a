import { Hono, type MiddlewareHandler } from "hono";
import { deleteCookie } from "hono/cookie";
import type { ApprovalRecord } from "../approval/record.ts";
import { KernError, messageOf } from "../errors.ts";
import { ApprovalDetail, ApprovalList } from "../panel/approvals.tsx";
import { fieldsOf, inputName } from "../panel/control.ts";
import { Page, stylesheet } from "../panel/page.tsx";
import { type Draft, readAnswer, textsOf } from "../panel/read-answer.ts";
import { SignIn } from "../panel/sign-in.tsx";
import type { Approvals } from "./approvals.ts";
import { isKey, type OsEnv, requires } from "./auth.ts";
import { cookieName, openSession } from "./browser-session.ts";
import { readForm } from "./body.ts";
import { originOf } from "./loopback.ts";
import { readSettings } from "./settings.ts";

const pageSize = 50;

/** The pages for people: plain forms, which work without script. */
export function panelRoutes(
  approvals: Approvals,
  authenticate: MiddlewareHandler<OsEnv>,
  now: () => number,
): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/style.css", (c) =>
    c.text(stylesheet, 200, {
      "content-type": "text/css; charset=utf-8",
      "cache-control": "no-cache",
    }),
  );

  app.get("/sign-in", (c) => c.html(<SignIn next={localPath(c.req.query("next"))} />));
  app.post("/sign-in", ownForms, async (c) => {
    const { key, next } = await readForm(c);
    const { securityKeys } = readSettings(c.env);
    const path = localPath(next);
    if (typeof key !== "string" || !isKey(key.trim(), securityKeys)) {
      return c.html(<SignIn next={path} problem="That is not the security key." />, 401);
    }
    await openSession(c, key.trim(), now());
    return c.redirect(path, 303);
  });
  app.post("/sign-out", ownForms, (c) => {
    deleteCookie(c, cookieName(c), { path: "/", secure: new URL(c.req.url).protocol === "https:" });
    return c.redirect("/panel/sign-in", 303);
  });

  app.use("*", authenticate);

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

  app.post(
    "/approvals/:id",
    ownForms,
    requires("approvals:write"),
    requires("approvals:read"),
    async (c) => {
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
    },
  );

  app.onError((error, c) => {
    if (!(error instanceof KernError)) console.error("kern: unexpected", error);
    const known = error instanceof KernError && error.status !== 500;
    const nobody = known && error.code === "unauthorized";
    const signIn = `/panel/sign-in?next=${encodeURIComponent(new URL(c.req.url).pathname)}`;
    if (nobody && c.req.method === "GET") return c.redirect(signIn, 303);
    const title = known && error.code === "not_found" ? "Not found" : "That did not work";
    return c.html(
      <Page title={title}>
        <p class="card">
          {known && !nobody && messageOf(error)}
          {!known && "Something went wrong on our side. Nothing was decided."}
          {nobody && "You are not signed in any more. Nothing was decided. "}
          {nobody && <a href={signIn}>Sign in</a>}
        </p>
      </Page>,
      known ? error.status : 500,
    );
  });

  return app;
}

/** A form is taken only from a page of this very origin: browsers say so with every post. */
const ownForms: MiddlewareHandler<OsEnv> = async (c, next) => {
  const origin = originOf(c.req.header("origin"));
  if (origin !== new URL(c.req.url).origin)
    throw new KernError("forbidden", "This form was not sent from a page of this service.");
  await next();
};

const seeBelow = "Something does not fit: see what is said of it below.";

/** A path of our own, and nothing else, to go on to. */
function localPath(next: unknown): string {
  return typeof next === "string" && /^\/panel(\/[A-Za-z0-9_/-]*)?$/.test(next) ? next : "/panel";
}
