import {
  and,
  asc,
  type Column,
  desc,
  eq,
  gte,
  inArray,
  lt,
  not,
  or,
  type SQL,
  sql,
  type Table,
} from "drizzle-orm";
import { endStatuses } from "../approval/record.ts";
import type { Position } from "../run/position.ts";
import type { ApprovalFilter, Deadline, OtherFilters } from "../run/store.ts";
import { eachStatus, never, total } from "./found.ts";

/** No total is counted further than this, and no more rows that an index leads to are looked at one by one. */
export const window = 10_000;

/** A filter in two: what an index leads to in its order, and what must be looked at row by row. */
export interface Search {
  led: SQL | undefined;
  /** Undefined where the index says it all. */
  rest: SQL | undefined;
}

/** A search of approvals: besides, what they are ordered by before their ids, and how. */
export interface ApprovalSearch extends Search {
  at: SQL;
  order: SQL[];
  /** Whether the index leads to each status but pending, apart from the others. */
  inParts: boolean;
}

/** How a database finds text in a text, in any case of ASCII letters. */
export type Contains = (text: SQL, part: string) => SQL;

/** What a database says in SQL of its own. */
export interface Dialect {
  contains: Contains;
  /** When an approval expires, as the index of what is pending says it: `never` of what never does. */
  lapsesAt: SQL;
}

/** What a filter means on the table of approvals, in the SQL that D1 and Postgres have in common. */
export function searching(approvals: ApprovalsTable, { contains, lapsesAt }: Dialect) {
  const shown = not(approvals.hidden);
  const newestFirst = [desc(approvals.created_at_ms), desc(approvals.id)];
  // As literal as the index says it.
  const isPending = sql`${approvals.status} = 'pending'`;

  /** `after` is where the page before ended. */
  function searchOf(filter: ApprovalFilter, after: Position | null): ApprovalSearch {
    const { created_after, created_before, ended, ...fields } = filter;
    const lead = leadOf(filter);
    const rest = restOf(fields, lead);
    const inParts = ended === true && lead === undefined && rest === undefined;
    const isEnded = ended && inArray(approvals.status, endStatuses);
    return {
      led: and(
        lead && is(lead, fields[lead]),
        created_after === undefined ? undefined : gte(approvals.created_at_ms, created_after),
        // The place is before that moment already, and of two upper bounds an index serves one.
        created_before === undefined || after !== null
          ? undefined
          : lt(approvals.created_at_ms, created_before),
        after === null
          ? undefined
          : sql`(${approvals.created_at_ms}, ${approvals.id}) < (${after.created_at_ms}, ${sql.param(after.id, approvals.id)})`,
      ),
      rest: inParts ? undefined : and(rest, isEnded),
      at: sql`${approvals.created_at_ms}`,
      order: newestFirst,
      inParts,
    };
  }

  /** The same of what is pending, by when it expires. */
  function pendingOf(filter: OtherFilters, after: Deadline | null): ApprovalSearch {
    const { created_after, created_before, ...fields } = filter;
    return {
      led: and(
        isPending,
        after === null
          ? undefined
          : sql`(${lapsesAt}, ${approvals.id}) > (${after.expires_at ?? never}, ${sql.param(after.id, approvals.id)})`,
      ),
      rest: and(
        restOf(fields, undefined),
        created_after === undefined ? undefined : gte(approvals.created_at_ms, created_after),
        created_before === undefined ? undefined : lt(approvals.created_at_ms, created_before),
      ),
      at: lapsesAt,
      order: [asc(lapsesAt), asc(approvals.id)],
      inParts: false,
    };
  }

  /** What is asked for besides the field that an index leads by. */
  function restOf({ q, ...fields }: ApprovalFilter, lead: FieldName | undefined): SQL | undefined {
    const others = fieldNames.filter((name) => name !== lead && fields[name] !== undefined);
    return and(
      ...others.map((name) => is(name, fields[name])),
      q === undefined ? undefined : has(q),
    );
  }

  /** What the approvals of a page are found by. */
  function onPage(search: ApprovalSearch, limit: number, offset: number): SQL | undefined {
    if (search.inParts) return among(search, limit + offset);
    if (search.rest === undefined) return and(shown, search.led);
    const fitting = sql`select ${approvals.id} from ${lookedAt(search)} where ${and(shown, search.rest)}`;
    return sql`${approvals.id} in (${fitting} limit ${limit} offset ${offset})`;
  }

  /** The first of each status that has ended: so that none walks past all that is pending. */
  function among({ led, order }: ApprovalSearch, most: number): SQL {
    const parts = endStatuses.map((status) => {
      const where = and(shown, eq(approvals.status, status), led);
      const first = sql`select ${approvals.id} from ${approvals} where ${where} order by ${sql.join(order, sql`, `)} limit ${most}`;
      return sql`select * from (${first}) as part`;
    });
    return sql`${approvals.id} in (${sql.join(parts, sql` union all `)})`;
  }

  /** Stands in for the table, by its name; a subquery with a limit hands on its rows in their order. */
  function lookedAt({ led, order }: ApprovalSearch): SQL {
    const where = led === undefined ? sql`` : sql`where ${led}`;
    const sorted = sql.join(order, sql`, `);
    return sql`(select * from ${approvals} ${where} order by ${sorted} limit ${window}) as ${approvals}`;
  }

  /** How many there are, as far as they are looked at, and whether those are all. Named, for a batch's answers. */
  function counting(search: ApprovalSearch) {
    const { inParts, led, rest } = search;
    if (rest === undefined) {
      const isEnded = inParts ? inArray(approvals.status, endStatuses) : undefined;
      const where = and(shown, isEnded, led);
      const some = sql`select 1 from ${approvals} where ${where} limit ${window + 1}`;
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

  /** The same of each status, as far as they are looked at, whatever their status. */
  function countingEach(filter: OtherFilters) {
    const search = searchOf(filter, null);
    const { led, rest } = search;
    const where = led === undefined ? sql`` : sql`where ${led}`;
    const last = sql`select 1 from ${approvals} ${where} limit 1 offset ${window - 1}`;
    const counts = eachStatus(
      (status) => sql`count(*) filter (where ${eq(approvals.status, status)})`,
    );
    const { isExact } = total(sql`0`, sql`not exists (${last})`);
    return { columns: { ...counts, isExact }, from: lookedAt(search), where: and(shown, rest) };
  }

  function is(name: FieldName, value: string | undefined): SQL | undefined {
    return name === "run_id" ? ofRun(value) : eq(approvals[name], value);
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

  return { shown, isPending, searchOf, pendingOf, onPage, counting, countingEach };
}

/** Whether nothing is asked for but, at most, the status. */
export function asksForStatusOnly(filter: ApprovalFilter): boolean {
  const { ended: _ended, status: _status, ...others } = filter;
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
