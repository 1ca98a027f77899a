import { Client } from "pg";
import { startPostgres } from "../scripts/postgres.ts";
import { undoAtEnd } from "../scripts/run.ts";
import { temporaryFolder } from "../scripts/temporary-folder.ts";
import { migrationsIn } from "../src/bin/migrations.ts";
import { migratePostgres } from "../src/db/postgres-migrate.ts";
import { writeCursor } from "../src/os/cursor.ts";
import { startRun } from "./cycle.ts";
import { ask } from "./http.ts";
import { seed, seedPostgres } from "./seed.ts";
import { quantile } from "./statistics.ts";
import { kern, kernOnPostgres, kernSchema, start } from "./world.ts";

/** What one question takes on either database, in milliseconds: the median. */
export interface FilterFigures {
  question: string;
  d1Ms: number;
  postgresMs: number;
}

const warmUp = 2;
const requests = 15;
const limit = 50;

/** The approval that all the others are copies of. */
interface Model {
  run_id: string;
  created_at_ms: number;
}

const newest = "SELECT run_id, created_at_ms FROM approvals ORDER BY created_at_ms DESC LIMIT 1";

/** Stores so many approvals in each database, and asks both for every filter of the list. */
export async function measureFilters(modelUrl: string, stored: number): Promise<FilterFigures[]> {
  const d1 = await fillD1(modelUrl, stored);
  const postgres = await fillPostgres(modelUrl, stored);
  const figures: FilterFigures[] = [];
  for (const [question, path] of Object.entries(d1.questions)) {
    const urls = [d1.url + path, postgres.url + postgres.questions[question]];
    const [d1Ms = 0, postgresMs = 0] = await medians(urls);
    figures.push({ question, d1Ms, postgresMs });
  }
  await d1.close();
  await postgres.close();
  return figures;
}

async function fillD1(modelUrl: string, stored: number) {
  const { close, database, urls } = await start([kern], { modelUrl, schema: kernSchema });
  const [url = ""] = urls;
  await startRun(url);
  const model = await database.prepare(newest).first<Model>();
  await seed(database, stored, varied);
  return { close, url, questions: questionsOf(model, stored) };
}

async function fillPostgres(modelUrl: string, stored: number) {
  const server = await startPostgres(temporaryFolder());
  undoAtEnd(async () => server.stop());
  await migratePostgres(server.url, migrationsIn());
  const { close, urls } = await start([kernOnPostgres(server.url)], { modelUrl, schema: [] });
  const [url = ""] = urls;
  await startRun(url);
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query<{ run_id: string; created_at_ms: string }>(newest);
  const [row] = rows;
  await seedPostgres(client, stored, varied);
  await client.end();
  const model = row && { ...row, created_at_ms: Number(row.created_at_ms) };
  return { close, url, questions: questionsOf(model, stored) };
}

/** What tells one row from another, so that a filter fits many, some, few or none. */
const varied = {
  session_id: "'session-' || n",
  user_id: "'user-' || n % 1000",
  team_id: "CASE WHEN n % 10000 = 0 THEN 'team-1' END",
  workflow_id: "CASE WHEN n % 10000 = 1 THEN 'workflow-1' END",
  schedule_id: "CASE WHEN n % 10000 = 2 THEN 'schedule-1' END",
  resolved_by: "CASE WHEN n % 100 = 0 THEN NULL ELSE 'eve' END",
};

function questionsOf(model: Model | null | undefined, stored: number): Record<string, string> {
  if (model == null) throw new Error("Nothing is stored.");
  const list = (query = "") => `/approvals?limit=${limit}${query && `&${query}`}`;
  const count = (query = "") => `/approvals/count?${query}`;
  // The copies follow each other by a millisecond, long before their model.
  const at = (n: number) => model.created_at_ms - 10_000_000 + n;
  const iso = (n: number) => new Date(at(n)).toISOString();
  const behind = Math.min(9_999 * limit, stored - 2 * limit);
  const cursor = writeCursor(
    { after: { created_at_ms: at(stored - behind), id: "" }, total: { count: 1, isExact: false } },
    {},
  );
  return {
    "page 1": list(),
    [`page ${behind / limit + 1}, by cursor`]: list(`cursor=${cursor}`),
    "status (1 of 100)": list("status=pending"),
    "source_type (all)": list("source_type=agent"),
    "approval_type (all)": list("approval_type=required"),
    "pause_type (all)": list("pause_type=confirmation"),
    "agent_id (all)": list("agent_id=data-manager"),
    "agent_id (none)": list("agent_id=nobody"),
    "team_id (1 of 10,000)": list("team_id=team-1"),
    "workflow_id (1 of 10,000)": list("workflow_id=workflow-1"),
    "user_id (1 of 1,000)": list("user_id=user-7"),
    "schedule_id (1 of 10,000)": list("schedule_id=schedule-1"),
    run_id: list(`run_id=${model.run_id}`),
    "session_id (a new one)": list(`session_id=session-${stored - 1}`),
    "session_id (none)": list("session_id=nobody"),
    "tool_name (all)": list("tool_name=delete_user_data"),
    "resolved_by (none)": list("resolved_by=nobody"),
    "created_after, created_before": list(
      `created_after=${iso(stored / 4)}&created_before=${iso(stored / 2)}`,
    ),
    "q (all)": list("q=delete"),
    "q (none)": list("q=nowhere"),
    "status, user_id, created_after": list(
      `status=approved&user_id=user-7&created_after=${iso(stored / 2)}`,
    ),
    "status, user_id (none)": list("status=pending&user_id=user-7"),
    "count of all": count(),
    "count of status=pending": count("status=pending"),
    "count of status=approved": count("status=approved"),
    "count of user_id": count("user_id=user-7"),
  };
}

/** Asks them in turn, again and again. */
async function medians(urls: string[]): Promise<number[]> {
  const taken = urls.map(() => [] as number[]);
  for (let n = -warmUp; n < requests; n++) {
    for (const [index, url] of urls.entries()) {
      const startedMs = performance.now();
      await ask("GET", url);
      if (n >= 0) taken[index]?.push(performance.now() - startedMs);
    }
  }
  return taken.map((times) => quantile(times, 0.5));
}
