import { env } from "cloudflare:workers";
import { D1Db } from "../../src/db/d1.ts";
import { approvalRow } from "./rows.ts";

export const { DB } = env as unknown as { DB: D1Database };
export const store = new D1Db({ binding: "DB" }).connect(env);

/** Stores more approvals of zoe's than a filter looks at, from the oldest on; so many of them are the agent `old`'s. */
export async function storeMany(old: number): Promise<void> {
  await store.project(null, [approvalRow({ id: "model", user_id: "yan" })]);
  const same =
    "run_id, session_id, status, source_type, approval_type, pause_type, tool_name, tool_args, requirements, context, " +
    "created_at, updated_at, run_status, root_run_id, call_id, args_hash, version, hidden";
  const rows =
    "WITH RECURSIVE rows (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM rows WHERE i < 10049)";
  await DB.prepare(
    `${rows} INSERT INTO approvals (id, user_id, agent_id, created_at_ms, ${same})
     SELECT 'many-' || i, 'zoe', iif(i < ${old}, 'old', 'new'), i, ${same} FROM approvals, rows WHERE id = 'model'`,
  ).run();
}

export async function removeMany(): Promise<void> {
  await DB.prepare("DELETE FROM approvals WHERE user_id IN ('yan', 'zoe')").run();
}
