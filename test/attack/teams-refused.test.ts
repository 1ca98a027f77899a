import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { approvalsOf, resolve, settle } from "../client.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { effects, healAll } from "../world.ts";
import { begin, deeds, deletion, hold, look, memberRun, reject, team } from "./teams.ts";
import { RunObject } from "../../src/run/run.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The team's one approval is rejected while no team hears of it; then its second member goes to work. */
async function refuseUnheard(runId: string, release: () => void): Promise<void> {
  await vi.waitFor(async () => expect(await approvalsOf(runId)).toHaveLength(1), 5000);
  vi.spyOn(RunObject.prototype, "hear").mockRejectedValue(new Error("out of reach"));
  await reject(runId);
  release();
  await settle(memberRun(await team(runId), 1));
}

test("what was refused in a team does not run under a member that asks nobody, though the team cannot be asked", async () => {
  const run = await lead(
    { calls: [handing("clerk", { calls: [deletion("v")] }, { text: "no" })] },
    { calls: [handing("careless", { calls: [deletion("v")] }, { text: "done" })] },
  );
  vi.spyOn(RunObject.prototype, "turnedDown").mockRejectedValue(new Error("out of reach"));
  await reject(run.run_id);
  await settledTeam(run.run_id);
  expect(effects).toEqual([]);
});

test("what was refused in a team does not run under a member that asks nobody while word of it is on its way", async () => {
  const release = hold();
  const run_id = await begin({
    calls: [
      handing("clerk", { calls: [deletion("w")] }, { text: "no" }),
      handing("careless", look, { calls: [deletion("w")] }),
    ],
  });
  await refuseUnheard(run_id, release);
  expect(deeds()).toEqual([]);
});

test("what was refused three runs down does not run under a member at the top while word of it is on its way", async () => {
  const release = hold();
  const run_id = await begin({
    calls: [
      handing("middle", {
        calls: [handing("inner", { calls: [handing("clerk", { calls: [deletion("w3")] })] })],
      }),
      handing("careless", look, { calls: [deletion("w3")] }),
    ],
  });
  await refuseUnheard(run_id, release);
  expect(deeds()).toEqual([]);
});

test("what was refused does not run under another member that leaves out what the tool fills in", async () => {
  const run = await lead(
    { calls: [handing("tester", { calls: [{ name: "refund", args: {} }] }, { text: "no" })] },
    { calls: [handing("careless", { calls: [{ name: "refund", args: {} }] }, { text: "done" })] },
  );
  await reject(run.run_id);
  await settledTeam(run.run_id);
  expect(effects).toEqual([]);
});

test("what was refused is put to nobody again, though another member asks while word of it is on its way", async () => {
  const release = hold();
  const run_id = await begin({
    calls: [
      handing("middle", {
        calls: [handing("inner", { calls: [handing("clerk", { calls: [deletion("w4")] })] })],
      }),
      handing("clerk", look, { calls: [deletion("w4")] }),
    ],
  });
  await refuseUnheard(run_id, release);
  expect(await approvalsOf(run_id)).toHaveLength(1);
});

test("members that ask all at once what was turned down are not asked by each other one by one", async () => {
  const n = 16;
  const join = vi.spyOn(RunObject.prototype, "join");
  const run = await lead({
    calls: [...Array(n).keys()].map((i) => handing("clerk", { calls: [deletion(`q${i}`)] })),
  });
  expect(run.requirements).toHaveLength(n);
  expect(join.mock.calls.length).toBeLessThan(n * 8);
});

test("a team hears of its member however much was said against its calls", async () => {
  const users = [...Array(40).keys()].map(String);
  const run = await lead({
    calls: [handing("clerk", { calls: users.map((user) => deletion(user)) }, { text: "none" })],
  });
  const hear = vi.spyOn(RunObject.prototype, "hear").mockRejectedValue(new Error("out of reach"));
  for (const { id } of await approvalsOf(run.run_id)) {
    const resolution_data = { note: "n".repeat(60_000) };
    expect((await resolve(id, { status: "rejected", resolution_data })).status).toBe(200);
  }
  hear.mockRestore();
  await settle(memberRun(run));
  const after = await settledTeam(run.run_id);
  expect(after.status).toBe("COMPLETED");
}, 60_000);
