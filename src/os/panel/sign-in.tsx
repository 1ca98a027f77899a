import { type Context, Hono } from "hono";
import { KernError } from "../../errors.ts";
import { SignIn, type SignInWays, wrongWords } from "../../panel/sign-in.tsx";
import { isKey, type OsEnv } from "../auth.ts";
import { readForm } from "../body.ts";
import { endSession, openKeySession, openTokenSession } from "../browser-session.ts";
import type { Door } from "../door.ts";
import { ownForms } from "./forms.ts";
import type { PanelParts } from "./parts.ts";

/** Where a browser hands in the security key, or a person's token, for a session, and gives it back. */
export function signInRoutes({ doorOf, now }: Pick<PanelParts, "doorOf" | "now">): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/sign-in", (c) =>
    c.html(<SignIn next={localPath(c.req.query("next"))} ways={waysOf(doorOf(c.env))} />),
  );
  app.post("/sign-in", ownForms, async (c) => {
    const { key, next } = await readForm(c);
    const door = doorOf(c.env);
    const path = localPath(next);
    const given = typeof key === "string" ? key.trim() : "";
    const refused = await openSession(c, given, door, now());
    if (refused === null) return c.redirect(path, 303);
    const { problem, status } = refused;
    return c.html(<SignIn next={path} ways={waysOf(door)} problem={problem} />, status);
  });
  app.post("/sign-out", ownForms, (c) => {
    endSession(c);
    return c.redirect("/panel/sign-in", 303);
  });
  return app;
}

/** Opens a session with what was handed in; or says why not. */
async function openSession(
  c: Context<OsEnv>,
  given: string,
  door: Door,
  nowMs: number,
): Promise<{ problem: string; status: 401 | 422 } | null> {
  const wrong = { problem: wrongWords(waysOf(door)), status: 401 } as const;
  if (isKey(given, door.securityKeys)) {
    await openKeySession(c, given, nowMs);
    return null;
  }
  if (door.jwt === null || given === "") return wrong;
  try {
    await openTokenSession(c, given, door.jwt, nowMs);
    return null;
  } catch (error) {
    if (!(error instanceof KernError)) throw error;
    if (error.code === "unauthorized") return wrong;
    if (error.code === "invalid_request") return { problem: error.message, status: 422 };
    throw error;
  }
}

function waysOf({ access, jwt, securityKeys }: Door): SignInWays {
  return { key: securityKeys.length > 0, token: jwt !== null, access: access !== null };
}

/** A path of our own, and nothing else, to go on to. */
function localPath(next: unknown): string {
  return typeof next === "string" && /^\/panel(\/[A-Za-z0-9_/-]*)?$/.test(next) ? next : "/panel";
}
