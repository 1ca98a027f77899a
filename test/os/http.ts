import { createExecutionContext } from "cloudflare:test";
import { bindings } from "../client.ts";
import worker from "../worker.ts";

export interface Question {
  body?: BodyInit;
  headers?: HeadersInit;
  /** Variables of the Worker's environment, as another deployment would have them. */
  vars?: Record<string, unknown>;
  /** The address that the Worker is asked at. */
  base?: string;
  app?: Pick<typeof worker, "fetch">;
}

/** Asks the Worker over HTTP, in the environment that the question says, and follows no redirect. */
export async function http(
  method: string,
  path: string,
  { body, headers = {}, vars = {}, base = "http://localhost", app = worker }: Question = {},
): Promise<Response> {
  const request = new Request(base + path, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return app.fetch(request, { ...bindings, ...vars }, createExecutionContext());
}

export function json(
  value: unknown,
  headers: Record<string, string> = {},
): { body: string; headers: Record<string, string> } {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  return { body, headers: { "content-type": "application/json", ...headers } };
}

/** A body that comes in pieces, with no word of how long it will be. */
export function pieces(text: string, size = 64 * 1024): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += size)));
    },
  });
}

/** The status and the error's text, side by side. */
export async function refusal(answer: Response | Promise<Response>): Promise<[number, unknown]> {
  const response = await answer;
  return [response.status, (await response.json<{ detail?: unknown }>()).detail];
}

let made = 0;

/** A name that no other test uses. */
export function unique(name: string): string {
  return `${name}-${Date.now().toString(36)}-${++made}`;
}
