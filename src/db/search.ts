import {
  and,
  type Column,
  desc,
  eq,
  gte,
  lt,
  not,
  or,
  type SQL,
  sql,
  type Table,
} from "drizzle-orm";
import type { ApprovalRecord } from "../approval/record.ts";
import type { ApprovalFilter, ApprovalList, Position, Total } from "../run/store.ts";

/** No total is counted further than this, and no more rows that an index leads to are looked at one by one. */
export const window = 10_000;

/** A filter in two: what an index leads to, newest first, and what must be looked at row by row. */
export interface Search {
  led: SQL | undefined;
  /** Undefined where the index says it all. */
  rest: SQL | undefined;
}

/** How a database finds text in a text, in any case of ASCII letters. */
export type Contains = (text: SQL, part: string) => SQL;

/** What a filter means on the table of approvals, in the SQL that D1 and Postgres have in common. */
export function searching(approvals: ApprovalsTable, contains: Contains) {
  const shown = not(approvals.hidden);
  const newestFirst = [desc(approvals.created_at_ms), desc(approvals.id)];

  /** `after` is where the page before ended. */
  function searchOf(filter: ApprovalFilter, after: Position | null): Search {
    const { created_after, created_before, q, ...fields } = filter;
    const lead = leadOf(filter);
    const others = fieldNames.filter((name) => name !== lead && fields[name] !== undefined);
    return {
      led: and(
        lead && (lead === "run_id" ? ofRun(fields.run_id) : is(lead, fields[lead])),
        created_after === undefined ? undefined : gte(approvals.created_at_ms, created_after),
        // The place is before that moment already, and of two upper bounds an index serves one.
        created_before === undefined || after !== null
          ? undefined
          : lt(approvals.created_at_ms, created_before),
        after === null
          ? undefined
          : sql`(${approvals.created_at_ms}, ${approvals.id}) < (${after.created_at_ms}, ${sql.param(after.id, approvals.id)})`,
      ),
      rest: and(
        ...others.map((name) => is(name, fields[name])),
        q === undefined ? undefined : has(q),
      ),
    };
  }

  /** What the approvals of a page are found by. */
  function onPage(search: Search, limit: number, offset: number): SQL | undefined {
    if (search.rest === undefined) return and(shown, search.led);
    const fitting = sql`select ${approvals.id} from ${lookedAt(search)} where ${and(shown, search.rest)}`;
    return sql`${approvals.id} in (${fitting} limit ${limit} offset ${offset})`;
  }

  /** Stands in for the table, by its name; a subquery with a limit hands on its rows in their order. */
  function lookedAt({ led }: Search): SQL {
    const where = led === undefined ? sql`` : sql`where ${led}`;
    const order = sql.join(newestFirst, sql`, `);
    return sql`(select * from ${approvals} ${where} order by ${order} limit ${window}) as ${approvals}`;
  }

  /** How many there are, as far as they are looked at, and whether those are all. Named, for a batch's answers. */
  function counting(search: Search) {
    const { led, rest } = search;
    if (rest === undefined) {
      const some = sql`select 1 from ${approvals} where ${and(shown, led)} limit ${window + 1}`;
      const isAll = sql`count(*) <= ${window}`;
      const count = sql`case when ${isAll} then count(*) else ${window} end`;
      return { columns: total(count, isAll), from: sql`(${some}) as counted`, where: undefined };
    }
    const where = led === undefined ? sql`` : sql`where ${led}`;
    const last = sql`select 1 from ${approvals} ${where} limit 1 offset ${window - 1}`;
    return {
      columns: total(sql`count(*)`, sql`not exists (${last})`),
      from: lookedAt(search),
      where: and(shown, rest),
    };
  }

  function is(name: FieldName, value: string | undefined): SQL {
    return eq(approvals[name], value);
  }

  /** Of the run, or of its members: the second half says what the index on `root_run_id` holds. */
  function ofRun(id: string | undefined): SQL | undefined {
    const ofMember = and(
      eq(approvals.root_run_id, id),
      sql`${approvals.root_run_id} <> ${approvals.run_id}`,
    );
    return or(eq(approvals.run_id, id), ofMember);
  }

  /** Arguments are kept as JSON, in which quotes and line ends are spelled otherwise. */
  function has(text: string): SQL | undefined {
    const names = searched.map((name) => sql`${approvals[name]}`);
    // A line's end between them, so that no text is found across two.
    const all = sql`concat_ws(${"\n"}, ${sql.join(names, sql`, `)})`;
    return or(
      contains(all, text),
      contains(sql`${approvals.tool_args}`, JSON.stringify(text).slice(1, -1)),
    );
  }

  return { shown, newestFirst, searchOf, onPage, counting };
}

export function total(count: SQL, isExact: SQL) {
  return {
    count: count.mapWith(Number).as("count"),
    isExact: isExact.mapWith(Boolean).as("is_exact"),
  };
}

/** What was read for a page of `limit`: its rows, and one more where there is one; and where the window ends, if it does. */
export interface Read {
  rows: (ApprovalRecord & { at: number })[];
  total: Total | null;
  end: Position | null;
}

export function listOf({ end, rows, total }: Read, limit: number, search: Search): ApprovalList {
  const records = rows.slice(0, limit).map(({ at: _at, ...record }) => record);
  const last = rows[limit - 1];
  if (rows.length > limit && last !== undefined)
    return { records, total, next: { created_at_ms: last.at, id: last.id } };
  const isOver = search.rest === undefined || total?.isExact === true;
  return { records, total, next: isOver ? null : end };
}

/** Whether nothing is asked for but, at most, the status. */
export function asksForStatusOnly({ status: _status, ...others }: ApprovalFilter): boolean {
  return Object.values(others).every((value) => value === undefined);
}

/** Those with an index of their own, the one that narrows a list most first. */
const indexed = ["run_id", "user_id", "team_id", "workflow_id", "schedule_id", "status"] as const;
const fieldNames = [
  ...indexed,
  "source_type",
  "approval_type",
  "pause_type",
  "agent_id",
  "session_id",
  "tool_name",
  "resolved_by",
  "requested_by",
] as const;
type FieldName = (typeof fieldNames)[number];

const searched = [
  "id",
  "run_id",
  "session_id",
  "tool_name",
  "agent_id",
  "source_name",
  "user_id",
  "resolved_by",
] as const;

type ColumnName =
  | FieldName
  | (typeof searched)[number]
  | "created_at_ms"
  | "hidden"
  | "root_run_id"
  | "tool_args";
type ApprovalsTable = Table & Record<ColumnName, Column>;

/** What is pending is few, beside all that there ever was of a user. */
function leadOf(filter: ApprovalFilter): FieldName | undefined {
  if (filter.status === "pending" && filter.run_id === undefined) return "status";
  return indexed.find((name) => filter[name] !== undefined);
}
