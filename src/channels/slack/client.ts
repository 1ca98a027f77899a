import { SlackAPIClient, type SlackAPIResponse } from "slack-web-api-client";
import { KernError } from "../../errors.ts";
import { retryAfterMs } from "../retry-after.ts";

export interface ClientParts {
  apiUrl: string;
  token: string;
  send: typeof fetch;
  signal: AbortSignal;
  nowMs: number;
}

/**
 * Slack's Web API. The library knows the methods; each is sent here: once, because whoever tells says when it is told again,
 * no longer than the signal allows, and with errors that hold nothing of what was sent.
 */
export class SlackClient extends SlackAPIClient {
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    super(undefined, { retryHandlers: [] });
    this.#parts = parts;
  }

  override async call(
    name: string,
    params: Record<string, unknown> = {},
  ): Promise<SlackAPIResponse> {
    const { apiUrl, nowMs, send, signal, token } = this.#parts;
    const answer = await send(new URL(name, apiUrl.replace(/\/?$/, "/")).href, {
      method: "POST",
      redirect: "manual",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: formOf(params).toString(),
      signal,
    }).catch(() => {
      const text = signal.aborted ? "did not answer in time" : "cannot be reached";
      throw new KernError("unavailable", `Slack ${text}.`);
    });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      const after = retryAfterMs(answer.headers.get("retry-after"), nowMs);
      throw new KernError("unavailable", `Slack answered ${name} with ${answer.status}.`, {
        ...(after !== null && { retryAfterMs: after }),
      });
    }
    const body = await answer.json<{ ok?: unknown; error?: unknown }>().catch(() => null);
    if (body?.ok !== true) {
      const error = codeIn(body?.error);
      throw new KernError("unavailable", `Slack refused ${name}: ${error}.`, { cause: error });
    }
    return { ...body, ok: true, headers: answer.headers } as SlackAPIResponse;
  }
}

/** Slack's own word for why it has refused something; null where it was no refusal of Slack's. */
export function refusalIn(error: unknown): string | null {
  return error instanceof KernError && typeof error.cause === "string" ? error.cause : null;
}

function formOf(params: Record<string, unknown>): URLSearchParams {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(
    given.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** Anything else might hold what was sent. */
function codeIn(error: unknown): string {
  return typeof error === "string" && /^[a-z_]{1,80}$/.test(error) ? error : "it did not say why";
}
