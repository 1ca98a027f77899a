import { expect } from "vitest";
import type { Store } from "../../src/run/store.ts";

const run = (id: string, session: string, user: string, input: string, at: number) =>
  `INSERT INTO runs (id, version, root_run_id, agent_id, session_id, user_id, status, input, created_at_ms, updated_at_ms)
   VALUES ('${id}', 1, '${id}', 'agent-${id}', '${session}', ${user}, 'PAUSED', '${input}', ${at}, ${at + 1})`;

/** Statements that store runs as they were before sessions had rows. */
export const runsOfBefore = [
  run("b", "s", "'ann'", "later", 2000),
  run("a", "s", "'ann'", "漢".repeat(300), 1000),
  run("c", "s", "'bob'", "not his session", 3000),
  run("d", "t", "NULL", "hello", 1500),
];

/** What an upgrade has made of them. */
export async function expectSessionsOfBefore(store: Store): Promise<void> {
  await store.checkSchema();
  const page = { limit: 9, offset: 0, sortBy: "created_at", ascending: true } as const;
  const { sessions } = await store.sessions.list({}, page);
  const same = { type: "agent", deleted_at_ms: null };
  expect(sessions).toEqual([
    {
      ...same,
      id: "s",
      user_id: "ann",
      name: "漢".repeat(200),
      component_id: "agent-a",
      created_at_ms: 1000,
      updated_at_ms: 3000,
    },
    {
      ...same,
      id: "t",
      user_id: null,
      name: "hello",
      component_id: "agent-d",
      created_at_ms: 1500,
      updated_at_ms: 1500,
    },
  ]);
  const runs = sessions.map(async (session) => store.sessions.runs(session, 9, 0));
  const found = (await Promise.all(runs)).map((of) => of.map(({ id }) => id));
  expect(found).toEqual([["b", "a"], ["d"]]);
  expect(await store.pausedRuns("", 9)).toEqual(["a", "b", "c", "d"]);
}
