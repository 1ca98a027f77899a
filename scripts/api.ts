import type { ApprovalRecord } from "../src/approval/record.ts";
import type { RunView } from "../src/run/view.ts";

/** What a question carries, as JSON or as a form. */
export type Body = { json: unknown } | { form: Record<string, string> };

/** Asks a server as a client does, with a bearer token where one is given; the answer is its JSON, or undefined where it has none. */
export async function ask(
  url: string,
  method: string,
  path: string,
  body?: Body,
  token?: string,
): Promise<{ status: number; answer: unknown }> {
  const request = new Request(`${url}${path}`, { method, ...(body && asRequest(body)) });
  if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(request);
  const text = await response.text();
  return { status: response.status, answer: text === "" ? undefined : parsed(text) };
}

/** What scripts ask the data manager for; throws with the status and the reason where the answer is an error. */
export function apiOf(url: string) {
  const read = async <T>(path: string, json?: unknown): Promise<T> => {
    const { status, answer } = await (json === undefined
      ? ask(url, "GET", path)
      : ask(url, "POST", path, { json }));
    if (status >= 400) throw new Error(`${status}: ${reasonOf(answer)}`);
    return answer as T;
  };
  const runs = "/agents/data-manager/runs";
  return {
    health: () => read<{ status: string }>("/health"),
    start: (message: string) => read<RunView>(runs, { message, stream: false }),
    pending: async () => (await read<{ data: ApprovalRecord[] }>("/approvals?status=pending")).data,
    approve: (id: string) =>
      read<ApprovalRecord>(`/approvals/${id}/resolve`, { status: "approved" }),
    /** Waits until the run has ended. */
    end: (id: string) => read<RunView>(`${runs}/${id}/continue`, {}),
  };
}

function asRequest(body: Body): RequestInit {
  if ("json" in body)
    return { headers: { "content-type": "application/json" }, body: JSON.stringify(body.json) };
  const form = new FormData();
  for (const [name, value] of Object.entries(body.form)) form.set(name, value);
  return { body: form };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Why a request was refused. */
function reasonOf(answer: unknown): string {
  const { detail } = Object(answer) as { detail?: unknown };
  const reason = detail ?? answer;
  return typeof reason === "string" ? reason.slice(0, 500) : JSON.stringify(reason);
}
