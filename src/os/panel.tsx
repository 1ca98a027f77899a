import { Hono, type MiddlewareHandler } from "hono";
import { deleteCookie } from "hono/cookie";
import { z } from "zod";
import { KernError, messageOf } from "../errors.ts";
import { ApprovalDetail, ApprovalList } from "../panel/approvals.tsx";
import { Page, stylesheet } from "../panel/page.tsx";
import { SignIn } from "../panel/sign-in.tsx";
import type { Approvals } from "./approvals.ts";
import { authenticate, cookieName, isKey, openSession, type OsEnv, requires } from "./auth.ts";
import { readForm } from "./body.ts";
import { originOf } from "./loopback.ts";
import { readSettings } from "./settings.ts";

const pageSize = 50;

const Answer = z.object({
  decision: z.enum(["approved", "rejected", "retry", "done"]),
  // A form ends its lines with CR LF, and the browser counts them as one.
  note: z
    .string()
    .default("")
    .transform((text) => text.replaceAll("\r\n", "\n").trim())
    .pipe(z.string().max(4000)),
  resolved_by: z.string().max(255).default(""),
});

/** The pages for people: plain forms, which work without script. */
export function panelRoutes(approvals: Approvals, now: () => number): Hono<OsEnv> {
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

  app.use("*", authenticate(now));

  app.get("/", requires("approvals:read"), async (c) => {
    const asked = Number(c.req.query("page") ?? 1);
    const page = Number.isInteger(asked) && asked >= 1 && asked < 1e6 ? asked : 1;
    const { data, meta } = await approvals.list(c.env, {
      status: "pending",
      limit: pageSize,
      page,
    });
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
    const approval = await approvals.get(c.env, c.req.param("id"));
    return c.html(
      <ApprovalDetail approval={approval} nowMs={now()} askName={c.var.principal.shared} />,
    );
  });

  app.post("/approvals/:id", ownForms, requires("approvals:write"), async (c) => {
    const id = c.req.param("id");
    const answer = Answer.safeParse(await readForm(c));
    const show = async (problem: string, status: 409 | 422 | 503) => {
      const approval = await approvals.get(c.env, id);
      return c.html(
        <ApprovalDetail
          approval={approval}
          nowMs={now()}
          askName={c.var.principal.shared}
          problem={problem}
        />,
        status,
      );
    };
    if (!answer.success) return show("That answer cannot be read. Nothing was decided.", 422);
    const { decision, note, resolved_by } = answer.data;
    try {
      await approvals.resolve(
        c.env,
        id,
        decisionOf(decision, note),
        c.var.principal,
        resolved_by.trim() || null,
      );
    } catch (error) {
      if (
        error instanceof KernError &&
        (error.code === "conflict" ||
          error.code === "invalid_request" ||
          error.code === "unavailable")
      ) {
        return show(
          error.message,
          error.code === "conflict" ? 409 : error.code === "invalid_request" ? 422 : 503,
        );
      }
      throw error;
    }
    return c.redirect(`/panel/approvals/${id}`, 303);
  });

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

function decisionOf(answer: z.output<typeof Answer>["decision"], note: string) {
  const data = note === "" ? {} : { note };
  if (answer === "retry")
    return { status: "approved" as const, data: { ...data, action: "retry" } };
  if (answer === "done")
    return {
      status: "approved" as const,
      data: { ...data, action: "done", result: note || "Confirmed as done." },
    };
  return { status: answer, data: note === "" ? null : data };
}

/** A path of our own, and nothing else, to go on to. */
function localPath(next: unknown): string {
  return typeof next === "string" && /^\/panel(\/[A-Za-z0-9_/-]*)?$/.test(next) ? next : "/panel";
}
