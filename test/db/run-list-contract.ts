import { describe, expect, test } from "vitest";
import type { RunFilter, RunRow, Store } from "../../src/run/store.ts";
import { runRow, startMs } from "./rows.ts";

/** What every store keeps to with the list of runs. */
export function runListContract(store: () => Store): void {
  const begin = async (...rows: Partial<RunRow>[]) => {
    for (const row of rows) await store().project(runRow(row), []);
  };
  const idsOf = (runs: RunRow[]) => runs.map(({ id }) => id).join(" ");
  const listed = async (filter: RunFilter) =>
    idsOf((await store().listRuns(filter, { limit: 100, after: null })).runs);

  describe("the list of runs", () => {
    test("it is newest first, in a stable order among equals, and each run is as it was told", async () => {
      await begin({ id: "a" }, { id: "c" }, { id: "d", created_at_ms: startMs - 1 }, { id: "b" });
      const odd = { input: "漢字 🙈 \0 'q'", output: '"x"', status: "ERROR", version: 2 } as const;
      await begin({ id: "b", ...odd });
      const { next, runs } = await store().listRuns({}, { limit: 100, after: null });
      expect([idsOf(runs), next]).toEqual(["c b a d", null]);
      expect(runs[1]).toEqual(runRow({ id: "b", ...odd }));
    });

    test.each<RunFilter>([{}, { status: "PAUSED" }])(
      "pages of %j go on where the one before ended, whatever was added since, and end",
      async (filter) => {
        await begin(...["a", "b", "c", "d"].map((id) => ({ id })));
        const first = await store().listRuns(filter, { limit: 2, after: null });
        expect(idsOf(first.runs)).toBe("d c");
        await begin({ id: "e" }, { id: "0", created_at_ms: startMs + 1 });
        const last = await store().listRuns(filter, { limit: 2, after: first.next });
        expect([idsOf(last.runs), last.next]).toEqual(["b a", null]);
        const gone = { created_at_ms: startMs, id: "bb" };
        expect(idsOf((await store().listRuns(filter, { limit: 9, after: gone })).runs)).toBe("b a");
        const behind = { created_at_ms: startMs - 1, id: "z" };
        expect(await store().listRuns(filter, { limit: 9, after: behind })).toEqual({
          runs: [],
          next: null,
        });
      },
    );

    test("it is narrowed by status, agent, team and who asked, and by all of them", async () => {
      await begin(
        { id: "a", requested_by: "ann" },
        { id: "b", agent_id: "other", status: "ERROR" },
        { id: "c", agent_id: null, team_id: "crew", requested_by: "ann" },
        { id: "d", team_id: "crew", parent_run_id: "c", root_run_id: "c", status: "RUNNING" },
      );
      expect(await listed({ status: "PAUSED" })).toBe("c a");
      expect(await listed({ agent_id: "data-manager" })).toBe("d a");
      expect(await listed({ team_id: "crew" })).toBe("d c");
      expect(await listed({ requested_by: "ann" })).toBe("c a");
      expect(await listed({ requested_by: "ANN" })).toBe("");
      expect(await listed({ agent_id: "data-manager", team_id: "crew", status: "RUNNING" })).toBe(
        "d",
      );
    });

    test("it is of the agents and teams alone that are named, a member being its own agent's", async () => {
      await begin(
        { id: "a", agent_id: "keeper" },
        { id: "b", agent_id: "keep" },
        { id: "c", agent_id: null, team_id: "crew" },
        { id: "d", agent_id: "keeper", team_id: "crew" },
        { id: "e", agent_id: null, team_id: "keeper" },
      );
      const of = async (agents: string[] | null, teams: string[] | null) =>
        listed({ of: { agents, teams } });
      expect(await of(null, null)).toBe("e d c b a");
      expect(await of(null, [])).toBe("d b a");
      expect(await of([], null)).toBe("e c");
      expect(await of(["keeper"], [])).toBe("d a");
      expect(await of(["Keeper", "kee", "keep.", "%"], ["crew"])).toBe("c");
      expect(await of([], [])).toBe("");
      const many = Array.from({ length: 200 }, (_, n) => `agent-${n}`);
      expect(await of([...many, "keep", "keeper"], many)).toBe("d b a");
    });
  });
}
