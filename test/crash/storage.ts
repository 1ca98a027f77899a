import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { openMembers } from "../../src/run/delegation.ts";
import { inspect } from "../../src/run/inspect.ts";
import { type Cursor, Journal, type JournalRow } from "../../src/run/journal.ts";
import type { Inspection } from "../../src/run/messages.ts";
import type { RunState } from "../../src/run/state.ts";

/** A run as its object's file holds it, asked without waking the object. */
export interface StoredRun {
  /** How many of its rows its team has not been told of. */
  untold: number;
  state: RunState;
  rows: JournalRow[];
  inspection: Inspection;
  /** How far its channel has been told, and when it is tried again. */
  channel: Cursor;
}

/** The runs that have not ended, or not told everything yet, or not been told of every end; `done` spares those that have. */
export async function readOpenRuns(
  storagePath: string,
  done: Set<string> = new Set(),
): Promise<StoredRun[]> {
  const folder = join(storagePath, "do/crash-Run");
  const open: StoredRun[] = [];
  for (const name of readdirSync(folder)) {
    if (!filePattern.test(name) || done.has(name)) continue;
    const run = readRun(join(folder, name));
    // Whoever reads thousands of files in one go hears nothing meanwhile.
    await setImmediate();
    if (run === null) continue;
    if (isOpen(run)) open.push(run);
    else done.add(name);
  }
  return open;
}

/** Every run that there is, by its id. */
export async function readAllRuns(storagePath: string): Promise<Map<string, StoredRun>> {
  const folder = join(storagePath, "do/crash-Run");
  const all = new Map<string, StoredRun>();
  for (const name of readdirSync(folder)) {
    if (!filePattern.test(name)) continue;
    const run = readRun(join(folder, name));
    await setImmediate();
    if (run !== null) all.set(run.state.id, run);
  }
  return all;
}

function isOpen(run: StoredRun): boolean {
  return run.state.ended === null || run.inspection.outbox.behind > 0 || owesTeam(run);
}

/** Whether a run that has ended has not told its team so, or has members that have not told it of theirs. */
export function owesTeam({ state, untold }: StoredRun): boolean {
  return state.ended !== null && (untold > 0 || openMembers(state).length > 0);
}

const filePattern = /^[0-9a-f]{64}\.sqlite$/;

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
    const inspection = inspect(state, { alarmMs, cursor, isConfigured: true, held: null });
    const untold = state.member === null ? 0 : state.seq - journal.cursor("team").seq;
    const channel = journal.cursor("channel:sink");
    return { state, rows: [...journal.rows()], inspection, untold, channel };
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
