import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { ask, type Body } from "./api.ts";

/** An example, as it lies in `examples/`: somebody's talk with the API, which is at once its own check. */
export interface Example {
  /** What it shows, in one line. */
  about: string;
  play: (conversation: Conversation) => Promise<void>;
  /** The file of the Worker that it talks with, which is served for it alone; default: this repository's own. */
  worker?: string;
  /** The Worker's variables for it; starts what they lead to. The Worker will be served at this URL. */
  vars?: (url: string) => Promise<Record<string, string>>;
}

/**
 * Asks the API, and shows each question as the command that asks the same of `npm run dev`, with the part of its answer
 * that is expected: of an object the keys named, of an array all. Throws where the answer is another, or its status is.
 */
export interface Conversation {
  /** Where the Worker is served. */
  url: string;
  say: (text: string) => void;
  /** What is seen elsewhere than in an answer of the API. */
  show: (text: string) => void;
  /** Waits until this has come about, half a minute at most. */
  until: <T>(what: string, look: () => Look<T> | Promise<Look<T>>) => Promise<T>;
  /** The same, asked with this bearer token, which is shown as the variable TOKEN. */
  as: (token: string) => Conversation;
  get: <T>(path: string, expected: unknown, status?: number) => Promise<T>;
  post: <T>(path: string, body: Body, expected: unknown, status?: number) => Promise<T>;
  /** Expects that nothing is answered. */
  delete: (path: string) => Promise<void>;
}

/** What has come about; undefined, or false, as long as it has not. */
type Look<T> = T | undefined | false;

export function conversation(
  url: string,
  print: (text: string) => void,
  token?: string,
): Conversation {
  async function talk<T>(
    method: string,
    path: string,
    body: Body | undefined,
    expected: unknown,
    expectedStatus: number,
  ): Promise<T> {
    const isSigned = token !== undefined;
    print(`\n${styleText("bold", `$ ${command(method, path, body, isSigned)}`)}`);
    const { status, answer } = await ask(url, method, path, body, token);
    const part = partOf(answer, expected);
    const code = status === 200 ? "" : `HTTP ${status} `;
    print(`${code}${part === undefined ? "" : pretty(part)}`.trimEnd());
    assert.equal(status, expectedStatus, `${method} ${path}: ${JSON.stringify(answer)}`);
    assert.deepEqual(part, expected);
    return answer as T;
  }
  return {
    url,
    say: (text) => print(`\n${styleText("cyan", `# ${text}`)}`),
    show: (text) => print(`\n${text}`),
    until: (what, look) => cameAbout(what, look),
    as: (token) => conversation(url, print, token),
    get: (path, expected, status = 200) => talk("GET", path, undefined, expected, status),
    post: (path, body, expected, status = 200) => talk("POST", path, body, expected, status),
    delete: (path) => talk("DELETE", path, undefined, undefined, 204),
  };
}

const width = 110;

function command(method: string, path: string, body: Body | undefined, isSigned: boolean): string {
  const verb = method === "DELETE" ? "-X DELETE " : "";
  const token = isSigned ? '-H "Authorization: Bearer $TOKEN" ' : "";
  const head = `curl ${verb}${token}${quoted(`localhost:8787${path}`)}`;
  if (body === undefined) return head;
  const rest =
    "json" in body
      ? `--json ${quoted(JSON.stringify(body.json))}`
      : Object.entries(body.form)
          .map(([name, value]) => `-F ${name}=${quoted(value)}`)
          .join(" ");
  return head.length + rest.length < width ? `${head} ${rest}` : `${head} \\\n    ${rest}`;
}

async function cameAbout<T>(what: string, look: () => Look<T> | Promise<Look<T>>): Promise<T> {
  for (const endsAt = Date.now() + 30_000; Date.now() < endsAt; await sleep(50)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`In half a minute it has not come about: ${what}.`);
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What an answer says of that which is expected of it. */
function partOf(answer: unknown, expected: unknown): unknown {
  if (Array.isArray(answer) && Array.isArray(expected))
    return answer.map((item, i) => (i in expected ? partOf(item, expected[i]) : item));
  if (!isObject(answer) || !isObject(expected)) return answer;
  return Object.fromEntries(
    Object.keys(expected).map((key) => [key, partOf(answer[key], expected[key])]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON that takes a line where it fits on one. */
function pretty(value: unknown, indent = ""): string {
  const line = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ");
  if (typeof value !== "object" || value === null || indent.length + line.length < width)
    return line;
  const deeper = `${indent}  `;
  const [[open, close], parts] = Array.isArray(value)
    ? ["[]", value.map((item) => pretty(item, deeper))]
    : ["{}", Object.entries(value).map(([key, item]) => `"${key}": ${pretty(item, deeper)}`)];
  return `${open}\n${parts.map((part) => deeper + part).join(",\n")}\n${indent}${close}`;
}
