import type { Mailbox } from "./address.ts";

/** One mail, to one person. */
export interface EmailMessage {
  from: Mailbox;
  to: string;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
  /** The same however often this mail is sent: a service that takes such a key sends it once. */
  idempotencyKey: string;
}

/** What comes with a message. */
export interface TransportContext {
  env: Record<string, unknown>;
  /** Aborted when it takes too long. */
  signal: AbortSignal;
}

/**
 * Sends a mail, and says which it is. Throws where it was not sent: with `retryAfterMs` where the service says when to try
 * again, and with `code: "E_RECIPIENT_NOT_ALLOWED"` where this recipient never gets any.
 */
export type Transport = (
  message: EmailMessage,
  context: TransportContext,
) => Promise<{ id: string }>;
