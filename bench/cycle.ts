import assert from "node:assert/strict";
import { ask } from "./http.ts";

/** What a client waits for in one approval cycle, in milliseconds. */
export interface Cycle {
  /** From the start of the run to the answer that it waits for a person. */
  pausedMs: number;
  /** From the decision to the answer that the run is complete, two requests. */
  completedMs: number;
}

interface Run {
  run_id: string;
  status: string;
}

/** One approval from beginning to end in four requests: start, look, approve, wait. */
export async function cycle(url: string): Promise<Cycle> {
  const startedMs = performance.now();
  const runId = await startRun(url);
  const pausedMs = performance.now() - startedMs;

  const { data } = await ask<{ data: { id: string }[] }>("GET", `${url}/approvals?run_id=${runId}`);
  const [approval] = data;
  assert(approval !== undefined);

  const decidedMs = performance.now();
  await ask("POST", `${url}/approvals/${approval.id}/resolve`, {
    status: "approved",
    resolved_by: "bench",
  });
  const ended = await ask<Run>("POST", `${url}${runs}/${runId}/continue`, { stream: false });
  assert.equal(ended.status, "COMPLETED");
  return { pausedMs, completedMs: performance.now() - decidedMs };
}

/** Starts a run and waits until it has paused. */
export async function startRun(url: string): Promise<string> {
  const body = { message: "Please delete user u-42", stream: false };
  const run = await ask<Run>("POST", `${url}${runs}`, body);
  assert.equal(run.status, "PAUSED");
  return run.run_id;
}

const runs = "/agents/data-manager/runs";
