import { and, desc, eq, gte, lt, not, or, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { approvalStatuses } from "../approval/record.ts";
import type { ApprovalFilter, Position } from "../run/store.ts";
import { approvals, counters } from "./d1-schema.ts";

/** No total is counted further than this, and no more rows that an index leads to are looked at one by one. */
const window = 10_000;

/** A filter in two: what an index leads to, newest first, and what must be looked at row by row. */
export interface Search {
  led: SQL | undefined;
  /** Undefined where the index says it all. */
  rest: SQL | undefined;
}

/** `after` is where the page before ended. */
export function searchOf(filter: ApprovalFilter, after: Position | null): Search {
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
        : sql`(${approvals.created_at_ms}, ${approvals.id}) < (${after.created_at_ms}, ${after.id})`,
    ),
    rest: and(
      ...others.map((name) => is(name, fields[name])),
      q === undefined ? undefined : has(q),
    ),
  };
}

/** What the approvals of a page are found by. */
export function onPage(search: Search, limit: number, offset: number): SQL | undefined {
  if (search.rest === undefined) return and(shown, search.led);
  const fitting = sql`select ${approvals.id} from ${lookedAt(search)} where ${and(shown, search.rest)}`;
  return sql`${approvals.id} in (${fitting} limit ${limit} offset ${offset})`;
}

/** The place of the last row that is looked at; none where there are fewer. */
export function endOfWindow(db: DrizzleD1Database, { led }: Search) {
  return db
    .select({ created_at_ms: approvals.created_at_ms, id: approvals.id })
    .from(approvals)
    .where(led)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(window - 1);
}

/** How many there are: from the counters where they know. */
export function totalOf(db: DrizzleD1Database, filter: ApprovalFilter) {
  const { status, ...others } = filter;
  if (Object.values(others).every((value) => value === undefined)) {
    const columns = status === undefined ? approvalStatuses : [status];
    const n = sql.join(
      columns.map((name) => sql`${counters[name]}`),
      sql` + `,
    );
    return db.select(total(n, sql`1`)).from(counters);
  }
  const search = searchOf(filter, null);
  const { led, rest } = search;
  if (rest === undefined) {
    const some = sql`select 1 from ${approvals} where ${and(shown, led)} limit ${window + 1}`;
    return db
      .select(total(sql`min(count(*), ${window})`, sql`count(*) <= ${window}`))
      .from(sql`(${some})`);
  }
  const isWhole = sql`not exists ${endOfWindow(db, search)}`;
  return db
    .select(total(sql`count(*)`, isWhole))
    .from(lookedAt(search))
    .where(and(shown, rest));
}

const shown = not(approvals.hidden);
const newestFirst = [desc(approvals.created_at_ms), desc(approvals.id)];

/** Named, because a batch's answers have their columns by name. */
function total(count: SQL, isExact: SQL) {
  return {
    count: count.mapWith(Number).as("count"),
    isExact: isExact.mapWith(Boolean).as("is_exact"),
  };
}

/** Stands in for the table, by its name; a subquery with a limit hands on its rows in their order. */
function lookedAt({ led }: Search): SQL {
  const where = led === undefined ? sql`` : sql`where ${led}`;
  const order = sql.join(newestFirst, sql`, `);
  return sql`(select * from ${approvals} ${where} order by ${order} limit ${window}) as ${approvals}`;
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
] as const;
type FieldName = (typeof fieldNames)[number];

/** What is pending is few, beside all that there ever was of a user. */
function leadOf(filter: ApprovalFilter): FieldName | undefined {
  if (filter.status === "pending" && filter.run_id === undefined) return "status";
  return indexed.find((name) => filter[name] !== undefined);
}

function is(name: FieldName, value: string | undefined): SQL {
  return eq(approvals[name], sql`${value}`);
}

/** Of the run, or of its members: the second half says what the index on `root_run_id` holds. */
function ofRun(id: string | undefined): SQL | undefined {
  const ofMember = sql`${approvals.root_run_id} = ${id} and ${approvals.root_run_id} <> ${approvals.run_id}`;
  return or(sql`${approvals.run_id} = ${id}`, ofMember);
}

/** Arguments are kept as JSON, in which quotes and line ends are spelled otherwise. */
function has(text: string): SQL | undefined {
  const { id, run_id, session_id, tool_name, agent_id, source_name, user_id, resolved_by } =
    approvals;
  const names = [id, run_id, session_id, tool_name, agent_id, source_name, user_id, resolved_by];
  const all = sql`concat_ws(char(10), ${sql.join(
    names.map((name) => sql`${name}`),
    sql`, `,
  )})`;
  const spelled = JSON.stringify(text).slice(1, -1);
  return or(
    sql`instr(lower(${all}), lower(${text})) > 0`,
    sql`instr(lower(${approvals.tool_args}), lower(${spelled})) > 0`,
  );
}
