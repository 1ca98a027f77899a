import { getTableColumns, getTableName, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import type { ApprovalRow, RunRow } from "../run/store.ts";
import { approvals, runs } from "./postgres-schema.ts";

/** One statement, which is all or nothing by itself and one way there and back; rows as new are left as they are. */
export function write(run: RunRow | null, rows: ApprovalRow[]): SQL {
  const projected = rows.map(({ record, ...row }) => driverRow(approvals, { ...record, ...row }));
  const runRows = run === null ? [] : [driverRow(runs, run)];
  return sql`with written as (${upsert(runs, runRows)}) ${upsert(approvals, projected)}`;
}

/** In the order of the ids, so that two who write the same rows wait for each other in one order. */
function upsert(table: PgTable, rows: object[]): SQL {
  const names = Object.keys(getTableColumns(table));
  const set = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`);
  const columns = sql.raw(names.join(", "));
  const name = sql.raw(getTableName(table));
  return sql`insert into ${name} (${columns})
    select distinct on (id) ${columns} from json_populate_recordset(null::${name}, ${JSON.stringify(rows)}::json)
    order by id, version desc
    on conflict (id) do update set ${sql.raw(set.join(", "))} where excluded.version > ${name}.version`;
}

function driverRow(table: PgTable, row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(getTableColumns(table)).map(([name, column]) => {
      const value = (row as Record<string, unknown>)[name];
      return [name, value === null ? null : column.mapToDriverValue(value)];
    }),
  );
}
