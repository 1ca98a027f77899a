import { describe, expect, test } from "vitest";
import type { RunRow, SessionPage, SessionRow, Store } from "../../src/run/store.ts";
import { runRow, startMs } from "./rows.ts";

function sessionRow(overrides: Partial<SessionRow> = {}): SessionRow {
  return {
    id: "session-1",
    user_id: "ann",
    name: "Delete the data of u-7.",
    type: "agent",
    component_id: "data-manager",
    created_at_ms: startMs,
    updated_at_ms: startMs,
    deleted_at_ms: null,
    ...overrides,
  };
}

const newest: SessionPage = { limit: 100, offset: 0, sortBy: "created_at", ascending: false };
const agent = { type: "agent", id: "data-manager" } as const;

/** What a store keeps to with sessions, of which it holds the truth. */
export function sessionContract(store: () => Store): void {
  const sessions = () => store().sessions;
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);
  const listed = async (...[filter, page]: Partial<Parameters<Store["sessions"]["list"]>>) =>
    idsOf((await sessions().list(filter ?? {}, { ...newest, ...page })).sessions);
  const begin = async (...rows: Partial<RunRow>[]) => {
    for (const row of rows) await store().project(runRow(row), []);
  };
  const later = (ms: number, overrides: Partial<SessionRow> = {}) =>
    sessionRow({ created_at_ms: startMs + ms, updated_at_ms: startMs + ms, ...overrides });

  describe("sessions", () => {
    test("the first to claim a session has it, and another user never does", async () => {
      expect(await sessions().claim(sessionRow())).toEqual(sessionRow());
      const again = { created_at_ms: startMs, name: sessionRow().name };
      expect(await sessions().claim(later(5, { name: "other" }))).toEqual(later(5, again));
      for (const user_id of ["bob", "", "ANN", null])
        expect(await sessions().claim(later(9, { user_id }))).toBeNull();
      expect(await sessions().read("session-1")).toEqual(later(5, again));
    });

    test("who names nobody is a user too", async () => {
      await sessions().claim(sessionRow({ user_id: null }));
      expect(await sessions().claim(sessionRow({ user_id: null }))).not.toBeNull();
      expect(await sessions().claim(sessionRow())).toBeNull();
    });

    test("of many who claim a session at once one has it, also where it was deleted", async () => {
      for (let round = 0; round < 2; round++) {
        const users = Array.from({ length: 8 }, (_, n) => `user-${n}`);
        const claims = users.map(async (user_id) => sessions().claim(later(round, { user_id })));
        const claimed = (await Promise.all(claims)).filter((session) => session !== null);
        expect(claimed).toHaveLength(1);
        expect(await sessions().read("session-1")).toEqual(claimed[0]);
        await sessions().delete("session-1", startMs);
      }
    });

    test("a run brings its session where there has never been one, and a member's run brings none", async () => {
      const members = { parent_run_id: "run-1", root_run_id: "run-1" };
      await begin({}, { version: 2 }, { id: "run-2", session_id: "session-2", ...members });
      expect((await sessions().list({}, newest)).sessions).toEqual([sessionRow()]);
      await begin({ id: "run-3", session_id: "team", agent_id: null, team_id: "team-1" });
      expect(await sessions().read("team")).toMatchObject({ type: "team", component_id: "team-1" });
    });

    test("a run that comes late begins no session anew, and takes none over", async () => {
      await sessions().claim(sessionRow());
      await begin({ user_id: "bob" });
      expect(await sessions().read("session-1")).toEqual(sessionRow());
      await sessions().delete("session-1", startMs + 1);
      await begin({ id: "run-2", created_at_ms: startMs + 2 });
      expect(await sessions().read("session-1")).toBeNull();
      expect(await listed()).toEqual([]);
    });

    test("a session is renamed, and keeps its name when it is claimed again", async () => {
      await sessions().claim(sessionRow());
      const renamed = sessionRow({ name: "漢字 🙈 \0 'q'", updated_at_ms: startMs + 3 });
      expect(await sessions().rename("session-1", renamed.name, startMs + 3)).toEqual(renamed);
      expect(await sessions().claim(later(3))).toEqual(renamed);
      expect(await sessions().rename("session-2", "x", startMs)).toBeNull();
    });

    test("a deleted session is not read, renamed, listed or deleted again, but for the same deletion", async () => {
      await sessions().claim(sessionRow());
      expect(await sessions().delete("session-1", startMs + 1)).toBe(true);
      expect(await sessions().delete("session-1", startMs + 1)).toBe(true);
      expect(await sessions().delete("session-1", startMs + 2)).toBe(false);
      expect(await sessions().delete("session-2", startMs + 2)).toBe(false);
      expect(await sessions().read("session-1")).toBeNull();
      expect(await sessions().rename("session-1", "x", startMs)).toBeNull();
      expect(await sessions().list({}, newest)).toEqual({
        sessions: [],
        total: { count: 0, isExact: true },
      });
    });

    test.each([1, -1])(
      "a session that was deleted is begun anew by whoever claims it first, whatever the clocks say (%i)",
      async (way) => {
        await sessions().claim(sessionRow());
        await begin({ created_at_ms: startMs, status: "COMPLETED", output: "Gone." });
        await sessions().delete("session-1", startMs + 10 * way);
        const deletedAtMs = startMs + Math.max(0, 10 * way);
        const bob = later(20 * way, { user_id: "bob", name: "new" });
        const revived = await sessions().claim(bob);
        const created_at_ms = Math.max(bob.created_at_ms, deletedAtMs + 1);
        expect(revived).toEqual({ ...bob, created_at_ms, deleted_at_ms: deletedAtMs });
        expect(await sessions().read("session-1")).toEqual(revived);
        expect(await sessions().claim(sessionRow())).toBeNull();
        expect(await listed()).toEqual(["session-1"]);
        if (revived === null) throw new Error("It was not begun.");
        expect(await sessions().runs({ ...revived, user_id: "ann" }, 9, 0)).toEqual([]);
      },
    );

    test("a session's runs are its user's, without members' and those before it was deleted, newest first", async () => {
      await begin(
        { id: "a" },
        { id: "c", created_at_ms: startMs + 1 },
        { id: "b", created_at_ms: startMs + 1 },
        { id: "other session", session_id: "session-2" },
        { id: "other user", user_id: "bob" },
        { id: "nobody's", user_id: null },
        { id: "member", parent_run_id: "a", root_run_id: "a" },
      );
      const runs = async (limit: number, offset: number, session = sessionRow()) =>
        idsOf(await sessions().runs(session, limit, offset));
      expect(await runs(9, 0)).toEqual(["c", "b", "a"]);
      expect([await runs(2, 0), await runs(2, 2)]).toEqual([["c", "b"], ["a"]]);
      expect(await runs(9, 0, sessionRow({ user_id: null }))).toEqual(["nobody's"]);
      expect(await runs(9, 0, sessionRow({ deleted_at_ms: startMs }))).toEqual(["c", "b"]);
      expect((await sessions().runs(sessionRow(), 9, 2))[0]).toEqual(runRow({ id: "a" }));
    });

    test("a run that is born again under its id is in its new session alone", async () => {
      await begin({ version: 7 });
      await begin({ version: 5000, created_at_ms: startMs + 9, session_id: "session-2" });
      expect(await sessions().runs(sessionRow(), 9, 0)).toEqual([]);
      const second = await sessions().read("session-2");
      expect(second === null ? [] : await sessions().runs(second, 9, 0)).toHaveLength(1);
    });

    test("the history is the last runs that this agent completed in the session", async () => {
      const done = { status: "COMPLETED", output: "Done." } as const;
      await begin(
        ...[1, 2, 3].map((n) => ({ id: `run-${n}`, created_at_ms: startMs + n, ...done })),
        ...(["PENDING", "RUNNING", "PAUSED", "CANCELLED", "ERROR"] as const).map((status) => ({
          id: status,
          created_at_ms: startMs + 9,
          status,
        })),
        { id: "other agent", agent_id: "other", ...done },
        { id: "team", agent_id: null, team_id: "data-manager", ...done },
        { id: "other user", user_id: "bob", ...done },
        { id: "other session", session_id: "session-2", ...done },
        { id: "member", parent_run_id: "run-1", root_run_id: "run-1", ...done },
      );
      const history = async (limit: number, session = sessionRow(), component = agent) =>
        idsOf(await sessions().history(session, component, limit));
      expect(await history(9)).toEqual(["run-3", "run-2", "run-1"]);
      expect(await history(2)).toEqual(["run-3", "run-2"]);
      expect(await history(9, sessionRow({ deleted_at_ms: startMs + 2 }))).toEqual(["run-3"]);
      const team = await sessions().history(sessionRow(), { ...agent, type: "team" }, 9);
      expect(idsOf(team)).toEqual(["team"]);
    });

    test("a list is narrowed by user, type, component and a part of the name", async () => {
      const rows = [
        later(0, { id: "a", name: "About Tulips" }),
        later(1, { id: "b", user_id: null, component_id: "other" }),
        later(2, { id: "c", user_id: "bob", type: "team", component_id: "team-1" }),
      ];
      for (const row of rows) await sessions().claim(row);
      expect(await listed()).toEqual(["c", "b", "a"]);
      expect(await listed({ user_id: "ann" })).toEqual(["a"]);
      expect(await listed({ type: "agent" })).toEqual(["b", "a"]);
      expect(await listed({ component_id: "team-1" })).toEqual(["c"]);
      expect(await listed({ name: "tULIP" })).toEqual(["a"]);
      expect(await listed({ name: "u-7", type: "agent" })).toEqual(["b"]);
      expect(await listed({ type: "workflow" })).toEqual([]);
    });

    test("a list is sorted by its beginning, its last change or its name, either way, in pages", async () => {
      const names = ["b", "c", "a", "c"];
      for (const [n, name] of names.entries())
        await sessions().claim(later(n, { id: `s-${n}`, name, updated_at_ms: startMs + (n % 2) }));
      const sorted = async (sortBy: SessionPage["sortBy"], ascending: boolean) => {
        const pages = [0, 3].map(async (offset) =>
          sessions().list({}, { limit: 3, offset, sortBy, ascending }),
        );
        const read = await Promise.all(pages);
        for (const { total } of read) expect(total).toEqual({ count: 4, isExact: true });
        return read.flatMap(({ sessions }) => idsOf(sessions)).join(" ");
      };
      expect(await sorted("created_at", false)).toBe("s-3 s-2 s-1 s-0");
      expect(await sorted("created_at", true)).toBe("s-0 s-1 s-2 s-3");
      expect(await sorted("updated_at", false)).toBe("s-3 s-1 s-2 s-0");
      expect(await sorted("session_name", true)).toBe("s-2 s-0 s-1 s-3");
    });

    test("left behind are the runs that wait where their session was deleted or is another's by now", async () => {
      const run = (id: string, session_id: string, more: Partial<RunRow> = {}) => ({
        id,
        session_id,
        ...more,
      });
      const begun = { created_at_ms: startMs + 20 };
      await sessions().claim(sessionRow({ id: "taken" }));
      await begin(
        run("a", "gone"),
        run("b", "gone", { status: "RUNNING", created_at_ms: startMs + 11 }),
        run("c", "gone", { status: "PENDING" }),
        run("d", "gone", { status: "COMPLETED" }),
        run("e", "gone", { parent_run_id: "a", root_run_id: "a" }),
        run("f", "there"),
        run("g", "taken", { created_at_ms: startMs + 12 }),
        run("h", "taken again"),
      );
      for (const id of ["gone", "taken", "taken again"]) await sessions().delete(id, startMs + 10);
      await sessions().claim(later(20, { id: "taken", user_id: "bob" }));
      await sessions().claim(later(20, { id: "taken again" }));
      await begin(run("i", "taken", { user_id: "bob", ...begun }), run("j", "taken again", begun));
      const left = async (of: Parameters<Store["sessions"]["leftBehind"]>[0]["of"], afterId = "") =>
        sessions().leftBehind({ of, afterId, limit: 3 });
      expect(await left({ sessionId: "gone" })).toEqual(["a", "b", "c"]);
      expect(await left({ sessionId: "gone" }, "b")).toEqual(["c"]);
      expect(await left({ sessionId: "there" })).toEqual([]);
      expect(await left({ deletedSinceMs: startMs + 9 }, "c")).toEqual(["g", "h"]);
      expect(await left({ deletedSinceMs: startMs + 10 })).toEqual([]);
    });
  });
}
