import type { Ledger } from "./ledger.ts";
import { type Runtime, sleep } from "./runtime.ts";

/** An answer that was received to its last byte, with when it was asked for and when it was there. */
export interface Answer<T> {
  status: number;
  body: T;
  sentMs: number;
  gotMs: number;
  /** How often it was asked for. */
  tries: number;
}

export interface Client {
  /** Asks once; null where no answer came, or only that it cannot be answered now. */
  tryText(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<Answer<string> | null>;
  tryAsk<T>(method: string, path: string, body?: unknown, key?: string): Promise<Answer<T> | null>;
  /** Posts a body as it was signed, once; null where no answer came, or not within `maxMs`. */
  tryDeliver(
    path: string,
    body: string,
    headers: Record<string, string>,
    maxMs?: number,
  ): Promise<Answer<string> | null>;
  /** Asks until there is an answer. */
  ask<T>(method: string, path: string, body?: unknown, key?: string): Promise<Answer<T>>;
  /** Reads what must be there. */
  read<T>(path: string): Promise<Answer<T>>;
}

const timeoutMs = 30_000;

export function createClient(runtime: Runtime, ledger: Ledger): Client {
  const once = async (
    path: string,
    init: { method: string; headers: Record<string, string>; body?: string },
    maxMs = timeoutMs,
  ): Promise<Answer<string> | null> => {
    const url = await runtime.url();
    const sentMs = performance.now();
    try {
      const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(maxMs) });
      const text = await response.text();
      const { status } = response;
      ledger.check("no answer is a 500", status < 500 || status === 503, () => {
        return `${init.method} ${path}: ${status} ${text.slice(0, 300)}`;
      });
      return status >= 500
        ? null
        : { status, body: text, sentMs, gotMs: performance.now(), tries: 1 };
    } catch {
      return null;
    }
  };
  const client: Client = {
    tryText: async (method, path, body, key) =>
      once(path, {
        method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(key !== undefined && { "idempotency-key": key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    tryDeliver: async (path, body, headers, maxMs) =>
      once(path, { method: "POST", headers, body }, maxMs),
    async tryAsk(method, path, body, key) {
      const answer = await client.tryText(method, path, body, key);
      return answer && { ...answer, body: JSON.parse(answer.body) };
    },
    async ask<T>(method: string, path: string, body?: unknown, key?: string): Promise<Answer<T>> {
      for (let tries = 1; ; tries++) {
        const answer = await client.tryAsk<T>(method, path, body, key);
        if (answer !== null) return { ...answer, tries };
        await sleep(20);
      }
    },
    async read<T>(path: string) {
      const answer = await client.ask<T>("GET", path);
      ledger.check("what was accepted is found again", answer.status === 200, () => {
        return `GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`;
      });
      return answer;
    },
  };
  return client;
}
