import { setTimeout as sleep } from "node:timers/promises";
import type { ApprovalRecord } from "../src/approval/record.ts";
import type { RunView } from "../src/run/view.ts";

/** Asks a server as a client does; throws with its status and reason where the answer is an error. */
export function apiOf(url: string) {
  const ask = async <T>(path: string, body?: unknown): Promise<T> => {
    const response = await fetch(
      `${url}${path}`,
      body === undefined
        ? {}
        : {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          },
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${detailOf(text)}`);
    return JSON.parse(text) as T;
  };
  const agent = "/agents/data-manager/runs";
  return {
    health: () => ask<{ status: string }>("/health"),
    start: (message: string) => ask<RunView>(agent, { message, stream: false }),
    pending: async () => (await ask<{ data: ApprovalRecord[] }>("/approvals?status=pending")).data,
    resolve: (id: string, status: "approved" | "rejected", note?: string) =>
      ask<ApprovalRecord>(`/approvals/${id}/resolve`, {
        status,
        ...(note !== undefined && { resolution_data: { note } }),
      }),
    /** Reads the run until it has ended. */
    end: async (id: string): Promise<RunView> => {
      for (let i = 0; i < 100; i++) {
        const run = await ask<RunView>(`${agent}/${id}`);
        if (!["PENDING", "RUNNING", "PAUSED"].includes(run.status)) return run;
        await sleep(100);
      }
      throw new Error(`Run ${id} did not end within ten seconds.`);
    },
  };
}

/** Why a request was refused, from the answer's text. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text);
    return typeof detail === "string" ? detail : JSON.stringify(detail);
  } catch {
    return text.slice(0, 500);
  }
}
