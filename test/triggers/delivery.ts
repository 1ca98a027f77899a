import { createHmac } from "node:crypto";
import { signedHeaders } from "../../src/signing/standard.ts";
import type { Delivery, Genuine, Verified } from "../../src/triggers/verifier.ts";

export const nowMs = 1_614_265_330_000;
const seconds = String(nowMs / 1000);

export const secrets = {
  github: "a secret of GitHub's".replaceAll(" ", "-"),
  stripe: "whsec_test_secret",
  standard: `whsec_${btoa("s".repeat(32))}`,
  slack: "8f742231b10e8888abcd99yyyzzz85a5",
  token: "token-of-16-or-more",
};

type Body = string | Uint8Array;

/** What senders send, signed as they do. */
export const send = {
  github: (body: Body, headers: Record<string, string> = {}, secret = secrets.github): Delivery =>
    deliver(body, {
      "content-type": "application/json",
      "x-hub-signature-256": `sha256=${hmac(secret, body)}`,
      ...headers,
    }),
  stripe: (body: Body, secret = secrets.stripe): Delivery =>
    deliver(body, { "stripe-signature": `t=${seconds},v1=${hmac(secret, `${seconds}.`, body)}` }),
  standard: (id: string, body: string, secret = secrets.standard): Delivery =>
    deliver(body, signedHeaders(id, nowMs, body, [secret])),
  slack: (body: Body, secret = secrets.slack): Delivery =>
    deliver(body, {
      "x-slack-request-timestamp": seconds,
      "x-slack-signature": `v0=${hmac(secret, `v0:${seconds}:`, body)}`,
    }),
  bearer: (body: Body, headers: Record<string, string> = {}, token = secrets.token): Delivery =>
    deliver(body, { authorization: `Bearer ${token}`, ...headers }),
};

export function deliver(body: Body, headers: Record<string, string> = {}): Delivery {
  return {
    headers: new Headers(headers),
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  };
}

export function without({ body, headers }: Delivery, name: string): Delivery {
  const rest = new Headers(headers);
  rest.delete(name);
  return { body, headers: rest };
}

/** What was proved; throws where nothing was. */
export function proved(verified: Verified): Omit<Genuine, "kind"> {
  if (verified.kind === "refused") throw new Error(verified.reason);
  const { kind: _, ...rest } = verified;
  return rest;
}

function hmac(secret: string, ...parts: Body[]): string {
  const hmac = createHmac("sha256", secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
