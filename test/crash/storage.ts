import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { inspect } from "../../src/run/inspect.ts";
import { Journal, type JournalRow } from "../../src/run/journal.ts";
import type { Inspection } from "../../src/run/messages.ts";
import type { RunState } from "../../src/run/state.ts";

/** A run as its object's file holds it, asked without waking the object. */
export interface StoredRun {
  state: RunState;
  rows: JournalRow[];
  inspection: Inspection;
}

/** The runs that have not ended, or not told the database of everything yet; `done` spares those that have. */
export async function readOpenRuns(
  storagePath: string,
  done: Set<string> = new Set(),
): Promise<StoredRun[]> {
  const folder = join(storagePath, "do/crash-Run");
  const open: StoredRun[] = [];
  for (const name of readdirSync(folder)) {
    if (!/^[0-9a-f]{64}\.sqlite$/.test(name) || done.has(name)) continue;
    const run = readRun(join(folder, name));
    // Whoever reads thousands of files in one go hears nothing meanwhile.
    await setImmediate();
    if (run === null) continue;
    if (run.state.ended === null || run.inspection.outbox.behind > 0) open.push(run);
    else done.add(name);
  }
  return open;
}

function readRun(path: string): StoredRun | null {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
  try {
    const exec = (query: string, ...values: SQLInputValue[]) => ({
      toArray: () => database.prepare(query).all(...values),
    });
    const journal = new Journal({ sql: { exec } } as unknown as DurableObjectStorage);
    const state = journal.load();
    if (state === null) return null;
    const alarmMs = alarmOf(database);
    const cursor = journal.cursor("database");
    const inspection = inspect(state, { alarmMs, cursor, isConfigured: true });
    return { state, rows: [...journal.rows()], inspection };
  } finally {
    database.close();
  }
}

/** The object's one alarm, as the runtime keeps it beside the object's own tables. */
function alarmOf(database: DatabaseSync): number | null {
  const query = "SELECT value / 1000000 AS ms FROM _cf_METADATA WHERE key = 1";
  const row = database.prepare(query).get();
  return typeof row?.["ms"] === "number" ? row["ms"] : null;
}
