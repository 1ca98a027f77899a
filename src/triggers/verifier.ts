/** What came in, before anybody knows who sent it. */
export interface Delivery {
  headers: Headers;
  /** The bytes as they were sent. */
  body: Uint8Array;
}

/** By what deliveries are the same one. `signed`: the sender's own id, for ever; `digest`: that of the body, within 72 h. */
export type DedupeKey = { kind: "signed"; id: string } | { kind: "digest" };

export interface Genuine {
  kind: "genuine";
  key: DedupeKey;
  /** What happened there, such as `issues.labeled`; null where the sender does not say. */
  type: string | null;
  /** What the body says: JSON, or the text where it is no JSON. */
  event: unknown;
  /** There where it is a test of the sender's: it is answered so, and starts nothing. */
  answer?: { body: string; contentType: string };
}

/** The reason is for the log of whoever runs kern; the sender is told no more than that it is refused. */
export interface Refused {
  kind: "refused";
  reason: string;
}

export type Verified = Genuine | Refused;

/** How it is known who sent what came in: `github()`, `stripe()`, `custom(…)` and so on. */
export interface Verifier {
  /** What the panel calls it. */
  readonly scheme: string;
  /** The Worker's variables that it needs; most are secrets. */
  readonly variables: readonly string[];
  /**
   * Throws `unavailable`, naming the variable, where a secret is missing or none; and `invalid_request` for what a sender that
   * has proved itself is to mend.
   */
  verify(
    delivery: Delivery,
    context: { env: Record<string, unknown>; nowMs: number },
  ): Promise<Verified>;
}
