import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { Inspection } from "../../src/run/messages.ts";
import type { RunView } from "../../src/run/view.ts";
import type { Client } from "./client.ts";
import type { History } from "./history.ts";
import { pathOf } from "./plans.ts";
import type { StartedRun } from "./family.ts";

/** Everything that is known of one run at the end. */
export interface Found {
  run: StartedRun;
  view: RunView;
  inspection: Inspection;
  /** Its approvals as the object holds them, and as the database lists them, each by its id. */
  held: Map<string, ApprovalRecord>;
  listed: Map<string, ApprovalRecord>;
}

export interface Totals {
  /** The runs that the database knows. */
  rows: Map<string, RunFacts>;
  listed: number;
  totalCount: number;
  counts: Map<string, { counted: number; listed: number }>;
}

const width = 8;

/** Where the database says that a run stands, and whose it is. */
export interface RunFacts {
  id: string;
  status: string;
  root_run_id: string;
  agent_id: string | null;
  team_id: string | null;
  user_id: string | null;
  session_id: string;
}

export async function findAll(
  client: Client,
  history: History,
  runs: readonly StartedRun[],
): Promise<Found[]> {
  return inParallel(runs, async (run) => {
    const { id, plan } = run;
    const view = await client.read<RunView>(`${pathOf(plan)}/${id}`);
    history.run(view.body, view);
    const { body: inspection } = await client.read<Inspection>(`/ops/runs/${id}`);
    const page = await client.read<{ data: ApprovalRecord[] }>(`/approvals?run_id=${id}`);
    const held = new Map<string, ApprovalRecord>();
    for (const approval of inspection.approvals) {
      const answer = await client.read<ApprovalRecord>(`/approvals/${approval.id}`);
      history.approval("object", answer.body, answer);
      held.set(approval.id, answer.body);
    }
    for (const record of page.body.data) history.approval("list", record, page);
    const listed = new Map(page.body.data.map((record) => [record.id, record]));
    return { run, view: view.body, inspection, held, listed };
  });
}

/** The whole list, page by page, beside what is counted. */
export async function findTotals(client: Client): Promise<Totals> {
  const statuses = ["pending", "approved", "rejected", "expired", "cancelled"];
  const seen = new Map<string, string>();
  let totalCount = 0;
  for (let page = 1; page === 1 || seen.size === (page - 1) * 500; page++) {
    const { body } = await client.read<{
      data: ApprovalRecord[];
      meta: { total_count: number };
    }>(`/approvals?limit=500&page=${page}`);
    for (const { id, status } of body.data) seen.set(id, status);
    totalCount = body.meta.total_count;
  }
  const counts: Totals["counts"] = new Map();
  for (const status of statuses) {
    const { body } = await client.read<{ count: number }>(`/approvals/count?status=${status}`);
    const listed = [...seen.values()].filter((one) => one === status).length;
    counts.set(status, { counted: body.count, listed });
  }
  const { body: rows } = await client.read<RunFacts[]>("/rows/runs");
  return {
    rows: new Map(rows.map((row) => [row.id, row])),
    listed: seen.size,
    totalCount,
    counts,
  };
}

/** What the database says that an event has come to. */
export interface LoggedEvent {
  id: string;
  webhook: string;
  status: string;
  run_id: string | null;
  deliveries: number;
}

/** The whole log of events, page by page. */
export async function findEvents(client: Client): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (let place = ""; ;) {
    const { body } = await client.read<{ data: LoggedEvent[]; next_cursor: string | null }>(
      `/events?limit=200${place}`,
    );
    events.push(...body.data);
    if (body.next_cursor === null) return events;
    place = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
}

export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
