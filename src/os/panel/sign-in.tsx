import { Hono } from "hono";
import { deleteCookie } from "hono/cookie";
import { SignIn } from "../../panel/sign-in.tsx";
import { isKey, type OsEnv } from "../auth.ts";
import { readForm } from "../body.ts";
import { cookieName, openSession } from "../browser-session.ts";
import { readSettings } from "../settings.ts";
import { ownForms } from "./forms.ts";

/** Where a browser hands in the security key for a session, and gives it back. */
export function signInRoutes(now: () => number): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

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
  return app;
}

/** A path of our own, and nothing else, to go on to. */
function localPath(next: unknown): string {
  return typeof next === "string" && /^\/panel(\/[A-Za-z0-9_/-]*)?$/.test(next) ? next : "/panel";
}
