import {
  type DeliveryContext,
  type Notice,
  type NoticeType,
  noticeTypes,
  type Told,
} from "../approval/notice.ts";
import { KernError } from "../errors.ts";
import { signedHeaders } from "../signing/standard.ts";
import { refusedAddress } from "./address.ts";
import type { Channel } from "./channel.ts";
import { channelId } from "./id.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface WebhookOptions {
  /** Names the endpoint; default "webhook". */
  id?: string;
  /** Where events are sent to: https, to a public name. */
  url: string;
  /**
   * The Worker's variable (a secret) that holds the endpoint's own signing secret, "whsec_…"; two of them with a space between
   * while rotating. Default: of the id `orders`, `WEBHOOK_SECRET_ORDERS`.
   */
  secretVariable?: string;
  /** What is sent; default: pending, voted, resolved, expired and cancelled approvals, and runs that completed or failed. */
  events?: readonly NoticeType[];
  /** Sends the whole approval with it; default false: ids, and what it is about, to be asked for with a credential. */
  full?: boolean;
  /** Allows an address of this very machine, without TLS, for development. Default false. */
  allowLoopback?: boolean;
  /** Default: the platform's. */
  fetch?: typeof fetch;
}

/** What is sent where nobody says what. */
export const usualEvents: readonly NoticeType[] = [
  "approval.pending",
  "approval.voted",
  "approval.resolved",
  "approval.expired",
  "approval.cancelled",
  "run.completed",
  "run.failed",
];

/** With the pauses before it, the last attempt is about three days after the first. */
export const maxBackOffMs = 8 * 3_600_000;

/**
 * An endpoint that events are sent to, signed by the Standard Webhooks scheme. A 2xx answer within 15 s has received it; a
 * redirect has not; 410 closes the endpoint. Throws a TypeError that names what does not fit.
 */
export function webhook(options: WebhookOptions): Channel {
  const { allowLoopback = false, events = usualEvents, full = false, url } = options;
  const id = channelId(options.id ?? "webhook");
  const refused = refusedAddress(url, { loopback: allowLoopback });
  if (refused !== null)
    throw new TypeError(`The webhook '${id}' has an address that is refused: ${refused}`);
  const stranger = events.find((event) => !noticeTypes.includes(event));
  if (stranger !== undefined)
    throw new TypeError(`Unknown event '${stranger}'. Known: ${noticeTypes.join(", ")}.`);
  const variable =
    options.secretVariable ?? `WEBHOOK_SECRET_${id.toUpperCase().replaceAll("-", "_")}`;
  const wanted = new Set(events);
  return {
    id,
    maxBackOffMs,
    wants: (type) => wanted.has(type),
    async tell(notice, context) {
      const secrets = secretsIn(context.env, variable);
      const send = options.fetch ?? fetch;
      return post({ url, secrets, send, full, allowLoopback }, notice, context);
    },
  };
}

interface Endpoint {
  url: string;
  secrets: readonly string[];
  send: typeof fetch;
  full: boolean;
  allowLoopback: boolean;
}

/** Sends one event; throws where it was not received. */
export async function post(
  { allowLoopback, full, secrets, send, url }: Endpoint,
  notice: Notice,
  { nowMs, signal, urlOf }: DeliveryContext,
): Promise<Told> {
  const refused = refusedAddress(url, { loopback: allowLoopback });
  if (refused !== null) return { kind: "gone", reason: refused };
  const body = JSON.stringify(eventOf(notice, { full, urlOf }));
  const answer = await send(url, {
    method: "POST",
    // What leads elsewhere was not what was allowed.
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      "user-agent": "kern-webhooks",
      ...signedHeaders(notice.id, nowMs, body, secrets),
    },
    body,
    signal,
  }).catch(() => {
    // What the platform says of it may hold the address, and that a secret.
    const text = signal.aborted ? "did not answer in time" : "cannot be reached";
    throw new KernError("unavailable", `The endpoint ${text}.`);
  });
  await answer.body?.cancel();
  if (answer.ok) return { kind: "sent", receipt: null };
  if (answer.status === 410) return { kind: "gone", reason: "The endpoint answered 410 (gone)." };
  const after = retryAfterMs(answer.headers.get("retry-after"), nowMs);
  throw new KernError("unavailable", `The endpoint answered ${answer.status}.`, {
    ...(after !== null && { retryAfterMs: after }),
  });
}

/** What is sent; times are ISO 8601. */
function eventOf(
  { approval, atMs, run, type }: Notice,
  { full, urlOf }: { full: boolean; urlOf: DeliveryContext["urlOf"] },
) {
  const about =
    approval === null
      ? { url: urlOf(`/panel/runs/${run.run_id}`) }
      : {
          approval_id: approval.id,
          approval_status: approval.status,
          tool_name: approval.tool_name,
          expires_at: approval.expires_at,
          call_outcome: approval.call_outcome,
          url: urlOf(`/panel/approvals/${approval.id}`),
        };
  return {
    type,
    timestamp: new Date(atMs).toISOString(),
    data: { ...run, ...about, ...(full && approval !== null && { approval }) },
  };
}

/** The secrets in a variable of the Worker's; without any nothing is sent. */
export function secretsIn(env: Record<string, unknown>, variable: string): string[] {
  const value = env[variable];
  const secrets = typeof value === "string" ? value.split(/\s+/).filter((part) => part !== "") : [];
  if (secrets.length === 0)
    throw new KernError(
      "unavailable",
      `The variable ${variable} is not set, so nothing can be signed: npx wrangler secret put ${variable}`,
    );
  return secrets;
}
