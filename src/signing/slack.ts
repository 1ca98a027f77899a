import { createHmac } from "node:crypto";
import { matches } from "./matches.ts";
import { isRecent } from "./timestamp.ts";

/**
 * Whether Slack has signed this body, just now, with one of these secrets: its scheme v0
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack).
 */
export function isSignedSlack(
  body: Uint8Array,
  {
    signature,
    timestamp,
  }: { signature: string | null | undefined; timestamp: string | null | undefined },
  secrets: readonly string[],
  nowMs: number,
): boolean {
  if (!isRecent(timestamp, nowMs) || !/^v0=[0-9a-f]{64}$/.test(signature ?? "")) return false;
  const expected = secrets.map((secret) => {
    const hmac = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body);
    return `v0=${hmac.digest("hex")}`;
  });
  return matches([signature ?? ""], expected);
}
