import { APIConnectionError, APIError } from "openai";
import { KernError, messageOf } from "../errors.ts";

const maxMessageLength = 500;

/**
 * What a call to an OpenAI-compatible server threw, as kern's error: `model_unavailable` where another try may help (with
 * the wait the server named), `model_refused` for the other 4xx. The message is at most 500 characters; `apiKey` and
 * whatever looks like a key is taken out of it, because servers echo keys. There is no `cause`: it would hold them too.
 */
export function modelError(thrown: unknown, apiKey: string | undefined): KernError {
  if (thrown instanceof KernError) return thrown;
  const status = statusOf(thrown);
  const refused = status !== undefined && status < 500 && ![408, 409, 429].includes(status);
  const text = redacted(describe(thrown), apiKey).replaceAll(/\s+/g, " ");
  return new KernError(
    refused ? "model_refused" : "model_unavailable",
    text.slice(0, maxMessageLength),
    {
      retryAfterMs:
        refused || !(thrown instanceof APIError) ? undefined : retryAfterMsOf(thrown.headers),
    },
  );
}

/** The HTTP status; for an error that arrived inside a stream, the one it names. */
function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof APIError)) return undefined;
  if (typeof thrown.status === "number") return thrown.status;
  const code = Number(thrown.code);
  if (code >= 400 && code < 600) return code;
  return thrown.type === "invalid_request_error" ? 400 : undefined;
}

function describe(thrown: unknown): string {
  const message = messageOf(thrown);
  if (thrown instanceof APIConnectionError) {
    return `The model server could not be reached: ${thrown.cause === undefined ? message : messageOf(thrown.cause)}`;
  }
  return thrown instanceof APIError
    ? `The model server answered: ${message}`
    : `The call to the model failed: ${message}`;
}

function redacted(text: string, apiKey: string | undefined): string {
  const withoutKey = apiKey === undefined ? text : text.replaceAll(apiKey, "[redacted]");
  return withoutKey
    .replaceAll(/\bsk-[\w*.-]+/g, "[redacted]")
    .replaceAll(/\bBearer\s+[^\s"']+/gi, "Bearer [redacted]");
}

/** `retry-after-ms`, or `retry-after` in seconds or as an HTTP date; in milliseconds, never negative. */
function retryAfterMsOf(headers: Headers | undefined): number | undefined {
  const inMs = headers?.get("retry-after-ms")?.trim() ?? "";
  if (isDecimal(inMs)) return Math.ceil(Number(inMs));
  const after = headers?.get("retry-after")?.trim() ?? "";
  if (isDecimal(after)) return Math.ceil(Number(after) * 1000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function isDecimal(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}
