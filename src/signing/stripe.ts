import { createHmac } from "node:crypto";
import { matches } from "./matches.ts";
import { isRecent } from "./timestamp.ts";

/**
 * Whether Stripe has signed this body, just now, with one of these secrets (https://docs.stripe.com/webhooks/signature), by
 * its header `Stripe-Signature`: `t=1614265330,v1=…`, with a `v1` for each secret of theirs while it is rolled. Other schemes,
 * such as `v0`, prove nothing.
 */
export function isSignedStripe(
  body: Uint8Array,
  header: string | null | undefined,
  secrets: readonly string[],
  nowMs: number,
): boolean {
  const parts = (header ?? "").split(",").map((part) => /^([a-z0-9]+)=([^\s=]+)$/.exec(part));
  // What is malformed in one place, or is there twice, is not what Stripe has written.
  if (parts.includes(null)) return false;
  const valuesOf = (name: string) =>
    parts.flatMap((part) => (part?.[1] === name ? [part[2] ?? ""] : []));
  const [timestamp, ...more] = valuesOf("t");
  const given = valuesOf("v1");
  if (!isRecent(timestamp, nowMs) || more.length > 0) return false;
  if (!given.every((hex) => /^[0-9a-f]{64}$/.test(hex))) return false;
  const expected = secrets.map((secret) =>
    createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex"),
  );
  return matches(given, expected);
}
