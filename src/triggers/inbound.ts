/** An event as `input` reads it. `T` is what the sender says its bodies are; nobody has checked that they are. */
export interface InboundEvent<T = unknown> {
  /** kern's id of it, `evt_…`: the same for every delivery and every replay. */
  id: string;
  /** What happened there, such as `issues.labeled`; null where the sender does not say. */
  type: string | null;
  /** What the body says: JSON, or the text where it is no JSON. */
  body: T;
  /** By names in lower case: what kind of delivery it is, and those that `headers` of the webhook names. */
  headers: Readonly<Record<string, string>>;
  /** Whether somebody has asked for it once more, by hand. */
  replay: boolean;
}

/** What says what was sent, and nothing of what proves by whom. They are kept, so no others are. */
const usual = [
  "content-type",
  "user-agent",
  "idempotency-key",
  "webhook-id",
  "webhook-timestamp",
  "x-github-delivery",
  "x-github-event",
  "x-github-hook-id",
  "x-slack-retry-num",
  "x-slack-retry-reason",
];

/** The headers that may be read and kept: the usual ones, and those named. */
export function readableHeaders(
  headers: Headers,
  named: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    [...new Set([...usual, ...named])].flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** Whether a header may hold what proves who sends. */
export function isSecretHeader(name: string): boolean {
  return /auth|cookie|signature|hmac|secret|token|password|jwt|api-?key/.test(name);
}
