/** Every code an error of kern's can carry, and the HTTP status it is answered with. */
const statusOf = {
  invalid_configuration: 500,
  invalid_request: 422,
  malformed_body: 400,
  body_too_large: 413,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unavailable: 503,
  model_unavailable: 502,
  model_refused: 502,
} as const;

export type ErrorCode = keyof typeof statusOf;

export interface ErrorOptions {
  cause?: unknown;
  /** How long the caller should wait before it tries again, in milliseconds. */
  retryAfterMs?: number;
  /** What is wrong with single fields of what was sent, by their names. */
  fields?: Record<string, string> | undefined;
}

/**
 * The one error of kern's. `code` is stable and meant for programs, `message` says what to do and is meant for people;
 * neither ever holds a secret.
 */
export class KernError extends Error {
  override readonly name = "KernError";
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly fields: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.fields = options.fields ?? {};
  }

  /** The HTTP status that this error is answered with. */
  get status(): (typeof statusOf)[ErrorCode] {
    return statusOf[this.code];
  }
}

/** The text of anything that was thrown, whatever it is. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "Something was thrown that has no text.";
  }
}
