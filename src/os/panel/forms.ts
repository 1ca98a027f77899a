import type { MiddlewareHandler } from "hono";
import { KernError } from "../../errors.ts";
import { type OsEnv, requires } from "../auth.ts";
import { originOf } from "../loopback.ts";

/** A form is taken only from a page of this very origin: browsers say so with every post. */
export const ownForms: MiddlewareHandler<OsEnv> = async (c, next) => {
  const origin = originOf(c.req.header("origin"));
  if (origin !== new URL(c.req.url).origin)
    throw new KernError("forbidden", "This form was not sent from a page of this service.");
  await next();
};

/** What a form needs that decides: whoever sends it is shown the approval as well. */
export const decides = [ownForms, requires("approvals:write"), requires("approvals:read")] as const;
