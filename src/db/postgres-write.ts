import { getTableColumns, getTableName, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import type { ApprovalRow, RunRow } from "../run/store.ts";
import { sessionOf } from "../run/session.ts";
import { approvals, runs, sessions } from "./postgres-schema.ts";

/** One statement, which is all or nothing by itself and one way there and back; rows as new are left as they are. */
export function write(run: RunRow | null, rows: ApprovalRow[]): SQL {
  const projected = rows.map(({ record, ...row }) => driverRow(approvals, { ...record, ...row }));
  if (run === null) return upsert(approvals, projected);
  const session = sessionOf(run);
  const begun = session === null ? [] : [driverRow(sessions, session)];
  return sql`with begun as (${insert(sessions, begun)} on conflict (id) do nothing),
    written as (${upsert(runs, [driverRow(runs, run)])}) ${upsert(approvals, projected)}`;
}

function upsert(table: PgTable, rows: object[]): SQL {
  const names = Object.keys(getTableColumns(table));
  const set = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`);
  const name = sql.raw(getTableName(table));
  return sql`${insert(table, rows, sql`, version desc`)}
    on conflict (id) do update set ${sql.raw(set.join(", "))} where excluded.version > ${name}.version`;
}

/** In the order of the ids, so that two who write the same rows wait for each other in one order. */
function insert(table: PgTable, rows: object[], further = sql``): SQL {
  const columns = sql.raw(Object.keys(getTableColumns(table)).join(", "));
  const name = sql.raw(getTableName(table));
  return sql`insert into ${name} (${columns})
    select distinct on (id) ${columns} from json_populate_recordset(null::${name}, ${JSON.stringify(rows)}::json)
    order by id${further}`;
}

function driverRow(table: PgTable, row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(getTableColumns(table)).map(([name, column]) => {
      const value = (row as Record<string, unknown>)[name];
      return [name, value === null ? null : column.mapToDriverValue(value)];
    }),
  );
}
