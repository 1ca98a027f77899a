import { createHmac } from "node:crypto";
import { matches } from "./matches.ts";
import { isRecent } from "./timestamp.ts";

const prefix = "whsec_";

/** What a secret of the scheme is, and how to make one. */
export const standardSecret =
  "'whsec_' and the base64 of 24 to 64 random bytes, such as: echo whsec_$(openssl rand -base64 32)";

/**
 * The headers of the Standard Webhooks scheme (https://www.standardwebhooks.com): a signature with each secret, so that a
 * receiver may know the new one or still the old one. Throws a TypeError for what is no secret, without showing it.
 */
export function signedHeaders(
  id: string,
  atMs: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => sign(id, timestamp, body, secret)).join(" "),
  };
}

/**
 * Whether this body was signed, just now and under this id, with one of these secrets, by the same scheme: one of the
 * signatures of version 1 is enough. Throws a TypeError for what is no secret, without showing it.
 */
export function isSignedStandard(
  body: Uint8Array,
  given: {
    id: string | null | undefined;
    timestamp: string | null | undefined;
    signature: string | null | undefined;
  },
  secrets: readonly string[],
  nowMs: number,
): boolean {
  const { id, signature, timestamp } = given;
  if (!isId(id) || !isRecent(timestamp, nowMs)) return false;
  const signatures = (signature ?? "").split(" ");
  // What is malformed in one place is not what a sender by this scheme has written.
  if (!signatures.every((one) => /^v[0-9a-z]+,[^\s,]+$/.test(one))) return false;
  return matches(
    signatures,
    secrets.map((secret) => sign(id, timestamp, body, secret)),
  );
}

/** Whether this is a secret of the scheme. */
export function isStandardSecret(secret: string): boolean {
  return keyOf(secret) !== null;
}

/** The full stop stands between what is signed: an id with one could be read as a shorter id, and a time. */
function isId(id: string | null | undefined): id is string {
  return typeof id === "string" && /^[!-\-/-~]{1,255}$/.test(id);
}

function sign(id: string, timestamp: string, body: string | Uint8Array, secret: string): string {
  const key = keyOf(secret);
  if (key === null) throw new TypeError(`A webhook's secret is ${standardSecret}`);
  const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}

/** The bytes of a secret; they are 24 at least, as the scheme asks. */
function keyOf(secret: string): Buffer | null {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : "";
  const key = Buffer.from(text, "base64");
  const isKey = key.length >= 24 && key.length <= 64 && key.toString("base64") === text;
  return isKey ? key : null;
}
