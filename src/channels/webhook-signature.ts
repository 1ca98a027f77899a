import { createHmac } from "node:crypto";

const prefix = "whsec_";

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
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", keyOf(secret)).update(signed).digest("base64")}`,
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

/** The bytes of a secret; they are 24 at least, as the scheme asks. */
function keyOf(secret: string): Buffer {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : "";
  const key = Buffer.from(text, "base64");
  if (key.length < 24 || key.length > 64 || key.toString("base64") !== text)
    throw new TypeError(
      "A webhook's secret is 'whsec_' and the base64 of 24 to 64 random bytes, such as: echo whsec_$(openssl rand -base64 32)",
    );
  return key;
}
