import { verify } from "@octokit/webhooks-methods";
import { utf8 } from "./utf8.ts";

/**
 * Whether GitHub has signed this body with one of these secrets, by its header `X-Hub-Signature-256`
 * (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries). It signs no time and no id: what it has
 * signed once stays signed.
 */
export async function isSignedGitHub(
  body: Uint8Array,
  signature: string | null | undefined,
  secrets: readonly string[],
): Promise<boolean> {
  if (typeof signature !== "string" || !/^sha256=[0-9a-f]{64}$/.test(signature)) return false;
  // The library signs text, and throws for what is empty.
  const text = utf8(body);
  if (text === null || text === "") return false;
  const checks = secrets.map(async (secret) => secret !== "" && verify(secret, text, signature));
  return (await Promise.all(checks)).includes(true);
}
