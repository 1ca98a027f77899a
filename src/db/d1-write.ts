import { getTableColumns, getTableName } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { ApprovalRow, RunRow } from "../run/store.ts";
import { sessionOf } from "../run/session.ts";
import { approvals, runs, sessions } from "./d1-schema.ts";

/** The statement that writes a run's row, unless there is one as new. */
export function writeRun(database: D1Database, run: RunRow): D1PreparedStatement {
  return database.prepare(upsertRun).bind(...runTexts.values(run));
}

/** The statement that begins a run's session, unless there has been one; none for a member's run. */
export function writeSession(database: D1Database, run: RunRow): D1PreparedStatement[] {
  const session = sessionOf(run);
  if (session === null) return [];
  return [database.prepare(insertSession).bind(...sessionTexts.values(session))];
}

/** The statements that write an approval's row, unless there is one as new. */
export function writeApproval(
  database: D1Database,
  { record, ...row }: ApprovalRow,
): D1PreparedStatement[] {
  const values = approvalTexts.values({ ...record, ...row });
  const upsert = database.prepare(upsertApproval).bind(...values);
  // A call that has ended was most often told of when it was decided, and then no index entry need be written again.
  return record.call_outcome === null
    ? [upsert]
    : [database.prepare(updateUnindexed).bind(...values), upsert];
}

const runTexts = textsOf(runs);
const approvalTexts = textsOf(approvals);
const sessionTexts = textsOf(sessions);

/** What an index holds is written again wherever it is named, even where it stays the same: what never changes is not. */
const constantOfRun = ["id", "session_id", "created_at_ms", "parent_run_id"];
const constant = [
  "id",
  "run_id",
  "root_run_id",
  "team_id",
  "workflow_id",
  "schedule_id",
  "user_id",
  "created_at_ms",
];

const upsertRun = upsert(runTexts, constantOfRun);
const upsertApproval = upsert(approvalTexts, constant);
const insertSession = `${insert(sessionTexts)} ON CONFLICT (id) DO NOTHING`;
const updateUnindexed = updateWhileSame(approvalTexts, constant, ["status", "expires_at"]);

interface Texts {
  table: string;
  names: string[];
  /** The row's values as the database takes them, in the order of `names`. */
  values: (row: object) => unknown[];
}

/** Written once, because building a query takes longer than sending it. */
function textsOf(table: SQLiteTable): Texts {
  const columns = Object.entries(getTableColumns(table));
  return {
    table: getTableName(table),
    names: columns.map(([name]) => name),
    values: (row) =>
      columns.map(([name, column]) => {
        const value = (row as Record<string, unknown>)[name];
        return value === null ? null : column.mapToDriverValue(value);
      }),
  };
}

function insert({ table, names }: Texts): string {
  return `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
}

function upsert(texts: Texts, kept: string[]): string {
  const { table, names } = texts;
  const set = names
    .filter((name) => !kept.includes(name))
    .map((name) => `${name} = excluded.${name}`);
  return (
    `${insert(texts)} ` +
    `ON CONFLICT (id) DO UPDATE SET ${set.join(", ")} WHERE excluded.version > ${table}.version`
  );
}

/** Replaces an older version of the row in which what is indexed is the same; where it is not, nothing is written. */
function updateWhileSame({ table, names }: Texts, kept: string[], same: string[]): string {
  const place = (name: string) => `?${names.indexOf(name) + 1}`;
  const set = names
    .filter((name) => !kept.includes(name) && !same.includes(name))
    .map((name) => `${name} = ${place(name)}`);
  const unchanged = [...same, "created_at_ms"].map((name) => `${name} IS ${place(name)}`);
  return (
    `UPDATE ${table} SET ${set.join(", ")} ` +
    `WHERE id = ${place("id")} AND version < ${place("version")} AND ${unchanged.join(" AND ")}`
  );
}
