import { createHmac } from "node:crypto";
import type { NoticeType } from "../approval/notice.ts";
import { refusedAddress } from "./address.ts";
import type { Channel } from "./channel.ts";
import { maxBackOffMs, post, secretsIn, usualEvents } from "./webhook.ts";

export interface CallbackOptions {
  /**
   * The hosts that may be called, such as "api.example.com" or "*.example.com". Default: every public one; whoever may run an
   * agent can then have this service send events anywhere.
   */
  hosts?: readonly string[];
  /** The Worker's variable that holds "whsec_…", or two while rotating, from which each caller's own secret is made. */
  secretVariable?: string;
  /** What is sent; default as of `webhook()`. */
  events?: readonly NoticeType[];
  /** Allows addresses of this very machine, without TLS, for development. Default false. */
  allowLoopback?: boolean;
  /** Default: the platform's. */
  fetch?: typeof fetch;
}

/** The channel by which whoever starts a run is told of it, where they say so. */
export interface CallbackChannel extends Channel {
  /** Why nothing is sent to this address; null where it may be. */
  refused(url: string): string | null;
  /** What events for this principal are signed with: the current secret first. Throws `unavailable` without a variable. */
  secretsOf(env: Record<string, unknown>, principal: string): string[];
}

/** Lets a request that starts a run name a `callback_url` for the run's own events. */
export function callbacks(options: CallbackOptions = {}): CallbackChannel {
  const { allowLoopback = false, events = usualEvents, hosts = null } = options;
  const variable = options.secretVariable ?? "CALLBACK_SECRET";
  const wanted = new Set(events);
  const refused = (url: string): string | null => {
    const reason = refusedAddress(url, { loopback: allowLoopback });
    if (reason !== null || hosts === null) return reason;
    const { hostname } = new URL(url);
    return hosts.some((host) => isOf(host, hostname))
      ? null
      : "This host is not among those allowed.";
  };
  const secretsOf = (env: Record<string, unknown>, principal: string): string[] =>
    secretsIn(env, variable).map((secret) => ownSecret(secret, principal));
  return {
    id: "callback",
    maxBackOffMs,
    wants: (type) => wanted.has(type),
    concerns: ({ callbackUrl }) => callbackUrl !== null,
    refused,
    secretsOf,
    async tell(notice, context) {
      const { callbackUrl: url, run } = notice;
      if (url === null) return { kind: "sent", receipt: null };
      // It was allowed when the run was started.
      const reason = refused(url);
      if (reason !== null) return { kind: "sent", receipt: null, problem: reason };
      const secrets = secretsOf(context.env, run.requested_by);
      const send = options.fetch ?? fetch;
      const told = await post({ url, secrets, send, full: false, allowLoopback }, notice, context);
      // Nobody there is no reason to call nobody else.
      return told.kind === "gone" ? { kind: "sent", receipt: null, problem: told.reason } : told;
    },
  };
}

function isOf(host: string, hostname: string): boolean {
  return host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host;
}

/** A caller's secret says nothing of anybody else's. */
function ownSecret(secret: string, principal: string): string {
  const own = createHmac("sha256", secret).update(`kern.callback.v1\n${principal}`);
  return `whsec_${own.digest("base64")}`;
}
