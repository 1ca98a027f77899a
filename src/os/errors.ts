import type { Hook } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { KernError, messageOf } from "../errors.ts";
import type { OsEnv } from "./auth.ts";

interface Issue {
  type: string;
  loc: (string | number)[];
  msg: string;
}

export const badForm = "Malformed form in request body";

/** Validation failed: every issue with where it stands, in the shape that AgentOS clients read. */
export function invalid(c: Context, issues: Issue[]): Response {
  return c.json({ detail: issues }, 422);
}

/** What the routes' validators do with what does not fit. */
export const onInvalid: Hook<unknown, OsEnv, string, Response | undefined> = (result, c) => {
  if (result.success) return undefined;
  const place = {
    json: "body",
    form: "body",
    query: "query",
    param: "path",
    header: "header",
    cookie: "cookie",
  }[result.target];
  return invalid(
    c,
    result.error.issues.map(({ code, path, message }) => ({
      type: code,
      loc: [place, ...path.map((part) => (typeof part === "number" ? part : String(part)))],
      msg: message,
    })),
  );
};

/** The one place where an error becomes an answer; nothing that was not meant for the caller is in it. */
export function onError(error: Error, c: Context<OsEnv>): Response {
  if (error instanceof KernError && error.status !== 500) {
    if (error.retryAfterMs !== undefined)
      c.header("retry-after", String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
    if (error.code === "unauthorized") c.header("www-authenticate", "Bearer");
    if (error.cause !== undefined) console.error("kern:", error.message, messageOf(error.cause));
    return c.json({ detail: error.message }, error.status);
  }
  if (error instanceof HTTPException) {
    // The validator adds the runtime's own words to this one.
    const detail = error.message.startsWith("Malformed FormData") ? badForm : error.message;
    return c.json({ detail: detail || "The request cannot be read." }, error.status);
  }
  console.error("kern: unexpected", error);
  return c.json({ detail: "Internal server error" }, 500);
}
