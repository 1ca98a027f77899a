import { createHash } from "node:crypto";
import type { DedupeKey } from "./verifier.ts";

/**
 * The id of what came in by a webhook: `evt_` and 32 hex digits, the same for the same key, and another one for every other
 * webhook. The webhook's id has no line break, so that no two pairs are one text.
 */
export function eventId(webhookId: string, key: string): string {
  const hash = createHash("sha256").update(`kern.event.v1\n${webhookId}\n${key}`);
  return `evt_${hash.digest("hex").slice(0, 32)}`;
}

/** The key in words, for `eventId`: what a sender signs as its id is never the digest of another body. */
export function keyText(key: DedupeKey, body: Uint8Array): string {
  return key.kind === "signed" ? `signed\n${key.id}` : `digest\n${digestOf(body)}`;
}

/** SHA-256 of a body, in hex. */
export function digestOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
