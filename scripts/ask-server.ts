import { plain } from "./table.ts";

export interface Question {
  /** Sent as JSON. */
  body?: unknown;
  /** What to do about a status that the server refuses with. */
  hints?: Record<number, string>;
}

/**
 * Asks a server that kern serves, with the credential in OS_SECURITY_KEY, and gives its JSON; null where it has none to
 * say. Throws with the reason, and what to do about it, where it refuses or cannot be reached.
 */
export async function askServer(
  base: string,
  method: string,
  path: string,
  { body, hints = {} }: Question = {},
): Promise<unknown> {
  const url = new URL(path, base);
  const key = process.env["OS_SECURITY_KEY"]?.trim() ?? "";
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (key !== "" && url.protocol !== "https:" && !isLocal)
    throw new Error(`The security key is not sent to ${url.origin}: use https.`);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(120_000),
      headers: {
        ...(key !== "" && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const { cause } = error as Error;
    const why = cause instanceof Error && "code" in cause ? cause.code : String(error);
    throw new Error(`${url.origin} cannot be reached: ${plain(why)}.`, { cause: error });
  }
  const text = await response.text();
  if (!response.ok) throw new Error(explain(response, text, hints));
  if (response.status === 204) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url.origin} did not answer with JSON: is it kern?`);
  }
}

/** The address of a server, as `--url` gives it; throws for what is none. */
export function readUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new Error("--url takes a URL, such as https://kern.example.com.");
}

function explain({ status }: Response, text: string, hints: Record<number, string>): string {
  let detail = "";
  try {
    const said = (JSON.parse(text) as { detail: unknown }).detail;
    detail = plain(Array.isArray(said) ? said.map(issue).join(" ") : said);
  } catch {
    // The status says enough.
  }
  const known: Record<number, string> = {
    401: "Set OS_SECURITY_KEY in the environment to the server's security key.",
    ...hints,
  };
  return [`${status}: ${detail || "refused"}`, known[status]].filter(Boolean).join("\n");
}

function issue(one: { loc?: unknown[]; msg?: unknown }): string {
  return `${(one.loc ?? []).slice(1).join(".")}: ${String(one.msg)}`;
}
