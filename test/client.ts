import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { ApprovalRecord } from "../src/approval/record.ts";
import { runOfApproval } from "../src/run/ids.ts";
import type { RunDoor } from "../src/run/messages.ts";
import type { RunView } from "../src/run/view.ts";

/** A Worker's bindings, as the tests know them. */
export const bindings = env as unknown as { RUNS: DurableObjectNamespace };

export const base = "http://localhost";

/** Asks the Worker over HTTP, with a body as JSON, or as it is. */
export async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  raw?: string,
): Promise<Response> {
  const worker = (exports as unknown as { default: { fetch: typeof fetch } }).default;
  const json =
    body === undefined
      ? { ...(raw !== undefined && { body: raw }) }
      : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
  return worker.fetch(new Request(`${base}${path}`, { method, headers, ...json }));
}

/** Asks for JSON that is expected to be there. */
export async function get<T>(path: string): Promise<T> {
  const response = await ask("GET", path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json<T>();
}

/** Starts a run and waits until it has paused or ended. */
export async function start(
  message: string,
  fields: Record<string, unknown> = {},
  agentId = "tester",
  kind = "agents",
): Promise<RunView> {
  const response = await ask("POST", `/${kind}/${agentId}/runs`, {
    message,
    stream: false,
    ...fields,
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.json<RunView>();
}

export async function read(runId: string, agentId = "tester"): Promise<RunView> {
  return get<RunView>(`/agents/${agentId}/runs/${runId}`);
}

/** Waits for the run to pause or end, and says where it stands. */
export async function settle(runId: string): Promise<RunView> {
  const reply = await door(runId).wait(20_000);
  if (!reply.ok) throw new Error(`Run ${runId}: ${reply.reason}`);
  return reply.run;
}

export async function approvalsOf(runId: string): Promise<ApprovalRecord[]> {
  const { data } = await get<{ data: ApprovalRecord[] }>(`/approvals?run_id=${runId}`);
  return data.toReversed();
}

/** The one approval of a run that is pending. */
export async function pending(runId: string): Promise<ApprovalRecord> {
  const [one, ...others] = (await approvalsOf(runId)).filter(({ status }) => status === "pending");
  if (one === undefined || others.length > 0)
    throw new Error(`Run ${runId} has ${others.length + (one ? 1 : 0)} pending approvals.`);
  return one;
}

export async function resolve(
  id: string,
  body: Record<string, unknown>,
): Promise<{ status: number; body: ApprovalRecord & { detail?: unknown } }> {
  const response = await ask("POST", `/approvals/${id}/resolve`, body);
  return { status: response.status, body: await response.json() };
}

/** Approves and waits until the run has paused again or ended. */
export async function approve(id: string, data?: Record<string, unknown>): Promise<RunView> {
  const { status, body } = await resolve(id, {
    status: "approved",
    resolved_by: "ann",
    ...(data && { resolution_data: data }),
  });
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return settle(runOfApproval(id) ?? "");
}

export function stub(runId: string): DurableObjectStub {
  return bindings.RUNS.getByName(runId);
}

export function door(runId: string): RunDoor {
  return stub(runId) as unknown as RunDoor;
}

/** The instance goes away, as it does at a deploy or after a while of idling; its storage stays. */
export async function evict(runId: string): Promise<void> {
  try {
    await evictDurableObject(stub(runId));
  } catch (error) {
    // Then it has already gone by itself.
    if (!String(error).includes("not currently running")) throw error;
  }
}

/** The instance dies in the middle of its work, as in a crash; its storage stays. */
export async function crash(runId: string): Promise<void> {
  try {
    await runInDurableObject(stub(runId), (_, state) => state.abort("crash"));
  } catch (error) {
    if (!String(error).includes("crash")) throw error;
  }
}

/** Lets the alarm ring now; false where none was set. */
export async function ring(runId: string): Promise<boolean> {
  return runDurableObjectAlarm(stub(runId));
}
