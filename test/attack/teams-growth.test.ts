import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { approvalsOf, door, evict, resolve, settle, stub } from "../client.ts";
import { handing, lead } from "../team.ts";
import { effects, healAll } from "../world.ts";
import { deletion, memberRun, team } from "./teams.ts";
import { RunObject } from "../../src/run/run.ts";
import { runInDurableObject } from "cloudflare:test";

beforeEach(() => {
  effects.length = 0;
  healAll();
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("many at once are started once each, and what is told grows with their number and not with its square", async () => {
  const told = vi.spyOn(RunObject.prototype, "hear");
  const join = vi.spyOn(RunObject.prototype, "join");
  const run = await lead({
    calls: [...Array(64).keys()].map((i) => handing("clerk", { text: `${i}` })),
  });
  expect(run.status).toBe("COMPLETED");
  const { inspection } = (await door(run.run_id).inspect()) as unknown as {
    inspection: { seq: number };
  };
  expect(join.mock.calls.length).toBeLessThan(2 * 64);
  expect(told.mock.calls.length).toBeLessThan(3 * 64);
  expect(inspection.seq).toBeLessThan(4 * 64);
}, 60_000);

test("a team may hand over a task at every one of its steps", async () => {
  const run = await lead(
    ...[...Array(49).keys()].map((i) => ({ calls: [handing("clerk", { text: `${i}` })] })),
  );
  expect(run.status).toBe("COMPLETED");
  expect(run.tools).toHaveLength(49);
}, 60_000);

test("a team's journal does not repeat with every decision what its member still waits for", async () => {
  const text = "x".repeat(4_000);
  const run = await lead({
    calls: [
      handing("clerk", {
        calls: [...Array(24).keys()].map((i) => deletion(`${i} ${text}`)),
      }),
      handing("clerk", { calls: [deletion("other")] }),
    ],
  });
  const size = async (): Promise<number> =>
    runInDurableObject(
      stub(run.run_id),
      (_, { storage }) =>
        storage.sql.exec<{ size: number }>("SELECT sum(length(entries)) AS size FROM journal").one()
          .size,
    );
  const before = await size();
  for (const { id, tool_args } of await approvalsOf(run.run_id))
    if (tool_args["user_id"] !== "other") await resolve(id, { status: "rejected" });
  await settle(memberRun(run));
  await vi.waitFor(async () => expect((await team(run.run_id)).requirements).toHaveLength(1));
  expect(await size()).toBeLessThan(2 * before);
  await evict(run.run_id);
  expect((await team(run.run_id)).requirements).toHaveLength(1);
}, 60_000);

test("a team whose members wait for much can still be read, and names every approval", async () => {
  const text = "x".repeat(120_000);
  const run = await lead({
    calls: [...Array(12).keys()].map((i) =>
      handing("clerk", { calls: [0, 1, 2, 3].map((j) => deletion(`${i}.${j} ${text}`)) }),
    ),
  });
  expect(JSON.stringify(run).length).toBeLessThan(5 * 1024 * 1024);
  const named = run.requirements.map(({ tool_execution }) => tool_execution.approval_id);
  expect(new Set(named).size).toBe(48);
}, 60_000);

test("a team hears of a member that waits for more than one of its rows can hold, and of its approvals first", async () => {
  const run = await lead({ calls: [handing("clerk", { calls: [deletion("x")] })] });
  const [one] = run.requirements;
  if (one === undefined) throw new Error("Nothing waits.");
  const { tool_execution } = one;
  const waits = [...Array(4096).keys()].map((i) => ({
    ...one,
    id: `${one.id}.${i}`,
    tool_execution: { ...tool_execution, approval_id: i < 4000 ? null : `apr_${i}` },
  }));
  const callId = `${run.run_id}.1.0`;
  const report = { version: 1000, status: "PAUSED" as const, result: null, waits, refusals: [] };
  const heard = await door(run.run_id).hear({ v: 1, callId, memberRunId: memberRun(run), report });
  expect(heard).toEqual({ ok: true });
  const { requirements } = await team(run.run_id);
  expect(requirements[0]?.tool_execution.approval_id).toBe("apr_4000");
});
