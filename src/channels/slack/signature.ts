import { createHmac, timingSafeEqual } from "node:crypto";

/** How far a request's time may lie from ours, either way, in seconds. */
const toleranceSeconds = 300;

/**
 * Whether Slack has signed this body, just now, with one of these secrets: its scheme v0
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack).
 */
export function isSigned(
  body: Uint8Array,
  { signature, timestamp }: { signature: string | undefined; timestamp: string | undefined },
  secrets: readonly string[],
  nowMs: number,
): boolean {
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const [, hex = ""] = /^v0=([0-9a-f]{64})$/.exec(signature ?? "") ?? [];
  const given = Buffer.from(hex, "hex");
  if (given.length === 0) return false;
  // All of them, so that the time it takes does not tell which.
  const matches = secrets.map((secret) => {
    const hmac = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body);
    return timingSafeEqual(hmac.digest(), given);
  });
  return matches.includes(true);
}
