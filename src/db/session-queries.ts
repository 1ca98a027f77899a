import { and, asc, desc, eq, gt, isNull, or, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type {
  Component,
  LeftBehind,
  SessionFilter,
  SessionPage,
  SessionRow,
} from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Asked } from "./queries.ts";
import { total } from "./found.ts";
import { type Contains, window } from "./search.ts";

/** Who is told; Postgres is handed in as D1, as in `Asked`. */
export type Told = Pick<DrizzleD1Database, "delete" | "insert" | "update">;
/** Asks a database, again where that may help, and fails as its store does. */
export type Ask = <T>(use: (db: Asked & Told) => PromiseLike<T>) => Promise<T>;
type Tables = Pick<typeof d1, "runs" | "sessions">;

/** What D1 and Postgres are asked and told of sessions in common, on the tables of either. */
export function sessionQueriesOf({ runs, sessions }: Tables, contains: Contains) {
  const isThere = sql`(${sessions.deleted_at_ms} is null or ${sessions.created_at_ms} > ${sessions.deleted_at_ms})`;
  const isWaiting = sql`${runs.status} in ('PENDING', 'RUNNING', 'PAUSED')`;
  // As literal as the index on a session's runs says it.
  const hasNoParent = sql`${runs.parent_run_id} is null`;
  const newestFirst = [desc(sessions.created_at_ms), desc(sessions.id)];
  const sorts = {
    created_at: sessions.created_at_ms,
    updated_at: sessions.updated_at_ms,
    session_name: sessions.name,
  };

  function isOfUser(column: typeof runs.user_id | typeof sessions.user_id, user: string | null) {
    return user === null ? isNull(column) : eq(column, user);
  }

  function isIn({ deleted_at_ms, id, user_id }: SessionRow): SQL | undefined {
    return and(
      eq(runs.session_id, id),
      hasNoParent,
      isOfUser(runs.user_id, user_id),
      deleted_at_ms === null ? undefined : gt(runs.created_at_ms, deleted_at_ms),
    );
  }

  /** What an index leads to, and what must be looked at row by row. */
  function searchOf({ component_id, name, type, user_id }: SessionFilter) {
    return {
      led: and(isThere, user_id === undefined ? undefined : eq(sessions.user_id, user_id)),
      rest: and(
        type === undefined ? undefined : sql`${sessions.type} = ${type}`,
        component_id === undefined ? undefined : eq(sessions.component_id, component_id),
        name === undefined ? undefined : contains(sql`${sessions.name}`, name),
      ),
    };
  }

  /** Stands in for the table, by its name: the newest of what the index leads to. */
  function newest(led: SQL | undefined): SQL {
    const order = sql.join(newestFirst, sql`, `);
    return sql`(select * from ${sessions} where ${led} order by ${order} limit ${window}) as ${sessions}`;
  }

  return {
    /** Gives the session where it is there and its user's; a new one is. */
    claim(db: Told, session: SessionRow) {
      return db
        .insert(sessions)
        .values(session)
        .onConflictDoUpdate({
          target: sessions.id,
          set: { updated_at_ms: session.updated_at_ms },
          setWhere: and(isThere, isOfUser(sessions.user_id, session.user_id)),
        })
        .returning();
    },
    /** Begins one anew that was deleted, and gives it then. */
    revive(db: Told, { deleted_at_ms: _deleted, id, ...begun }: SessionRow) {
      // After its end, whichever clock said when that was.
      const createdAtMs = sql`case when ${sessions.deleted_at_ms} < ${begun.created_at_ms}
        then ${begun.created_at_ms} else ${sessions.deleted_at_ms} + 1 end`;
      return db
        .update(sessions)
        .set({ ...begun, created_at_ms: createdAtMs })
        .where(and(eq(sessions.id, id), sql`not ${isThere}`))
        .returning();
    },
    rename(db: Told, id: string, name: string, atMs: number) {
      return db
        .update(sessions)
        .set({ name, updated_at_ms: atMs })
        .where(and(eq(sessions.id, id), isThere))
        .returning();
    },
    remove(db: Told, id: string, atMs: number) {
      const deletedAtMs = sql<number>`case when ${sessions.created_at_ms} > ${atMs} then ${sessions.created_at_ms} else ${atMs} end`;
      // What this very deletion has done before its answer was lost is done again.
      const again = sql`${sessions.deleted_at_ms} = ${deletedAtMs}`;
      return db
        .update(sessions)
        .set({ deleted_at_ms: deletedAtMs })
        .where(and(eq(sessions.id, id), or(isThere, again)))
        .returning();
    },
    session(db: Asked, id: string) {
      return db
        .select()
        .from(sessions)
        .where(and(eq(sessions.id, id), isThere));
    },
    page(db: Asked, filter: SessionFilter, { ascending, limit, offset, sortBy }: SessionPage) {
      const { led, rest } = searchOf(filter);
      const direction = ascending ? asc : desc;
      const order = [direction(sorts[sortBy]), direction(sessions.id)];
      const all = db.select().from(sessions);
      if (rest === undefined && sortBy === "created_at")
        return all
          .where(led)
          .orderBy(...order)
          .limit(limit)
          .offset(offset);
      const where = rest === undefined ? sql`` : sql`where ${rest}`;
      const sorted = sql.join(order, sql`, `);
      const ids = sql`select ${sessions.id} from ${newest(led)} ${where} order by ${sorted} limit ${limit} offset ${offset}`;
      return all.where(sql`${sessions.id} in (${ids})`).orderBy(...order);
    },
    /** How many there are, as far as they are looked at. */
    countOf(db: Asked, filter: SessionFilter) {
      const { led, rest } = searchOf(filter);
      const last = sql`select 1 from ${sessions} where ${led} limit 1 offset ${window}`;
      return db
        .select(total(sql`count(*)`, sql`not exists (${last})`))
        .from(newest(led))
        .where(rest);
    },
    runsIn(db: Asked, session: SessionRow, limit: number, offset: number) {
      return db
        .select()
        .from(runs)
        .where(isIn(session))
        .orderBy(desc(runs.created_at_ms), desc(runs.id))
        .limit(limit)
        .offset(offset);
    },
    history(db: Asked, session: SessionRow, { id, type }: Component, limit: number) {
      const own =
        type === "team" ? eq(runs.team_id, id) : and(eq(runs.agent_id, id), isNull(runs.team_id));
      return db
        .select()
        .from(runs)
        .where(and(isIn(session), eq(runs.status, "COMPLETED"), own))
        .orderBy(desc(runs.created_at_ms), desc(runs.id))
        .limit(limit);
    },
    leftBehind(db: Asked, { afterId, limit, of }: LeftBehind) {
      const gone = sql`(not ${isThere} or ${runs.created_at_ms} <= ${sessions.deleted_at_ms}
        or ${runs.user_id} is distinct from ${sessions.user_id})`;
      return (
        db
          .select({ id: runs.id })
          .from(sessions)
          // So that SQLite begins with the sessions, and does not walk all the runs there are in the order of their ids.
          .crossJoin(runs)
          .where(
            and(
              eq(runs.session_id, sessions.id),
              hasNoParent,
              "sessionId" in of
                ? eq(sessions.id, of.sessionId)
                : gt(sessions.deleted_at_ms, of.deletedSinceMs),
              sql`${sessions.deleted_at_ms} is not null`,
              isWaiting,
              gt(runs.id, afterId),
              gone,
            ),
          )
          .orderBy(asc(runs.id))
          .limit(limit)
      );
    },
  };
}
