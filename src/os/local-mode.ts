import type { Context } from "hono";
import { KernError } from "../errors.ts";
import type { OsEnv } from "./auth.ts";
import { isLoopback, originOf } from "./loopback.ts";

const advice = "Set OS_SECURITY_KEY, or KERN_AUTH=none to serve everyone without authentication.";

/** Without a key only this machine's own people are served, and no page of someone else's that they have open. */
export function refuseStrangers(c: Context<OsEnv>, isOpen: boolean): void {
  const url = new URL(c.req.url);
  const origin = originOf(c.req.header("origin"));
  const isForeign =
    origin !== null &&
    origin !== url.origin &&
    !(isLoopback(url.hostname) && isLoopback(hostOf(origin)));
  if (isForeign) throw refusal("requests of pages from elsewhere are refused");
  if (isOpen) return;
  if (c.req.header("cf-ray") !== undefined)
    throw refusal("nothing is served behind Cloudflare's edge");
  if (!isLoopback(url.hostname)) throw refusal("only a loopback address is served");
}

function refusal(what: string): KernError {
  return new KernError("unavailable", `Without a security key, ${what}. ${advice}`);
}

function hostOf(origin: string): string {
  return origin === "null" ? "" : new URL(origin).hostname;
}
