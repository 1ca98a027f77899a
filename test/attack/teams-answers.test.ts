import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { settle } from "../client.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { effects, healAll } from "../world.ts";
import { continueTeam, memberRun, rename } from "./teams.ts";
import { RunObject } from "../../src/run/run.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("a user's answer for a member's call answers no call of the leader's that has the same tool_call_id", async () => {
  const run = await lead({
    calls: [handing("clerk", { calls: [rename("member", "same")] }), rename("leader", "same")],
  });
  expect(run.status).toBe("PAUSED");
  const wait = run.requirements.find(({ member_run_id }) => member_run_id !== undefined);
  expect((await continueTeam(run.run_id, [{ ...wait, confirmation: true }])).status).toBe(200);
  await settle(memberRun(run));
  expect(effects.map(({ args }) => args["user_id"])).toEqual(["member"]);
});

test("an answer that names no requirement is for one call at most", async () => {
  const run = await lead({
    calls: [handing("clerk", { calls: [rename("member", "same")] }), rename("leader", "same")],
  });
  const answer = { id: null, tool_execution: { tool_call_id: "same", confirmed: true } };
  expect((await continueTeam(run.run_id, [answer])).status).toBe(200);
  await settle(memberRun(run));
  expect(effects.length).toBeLessThan(2);
});

test("an answer finds a member's call by its tool_call_id, though the leader's own call had the same and waits for nobody", async () => {
  const run = await lead({
    calls: [{ ...handing("clerk", { calls: [rename("member", "same")] }), id: "same" }],
  });
  const answer = { tool_execution: { tool_call_id: "same", confirmed: true } };
  expect((await continueTeam(run.run_id, [answer])).status).toBe(200);
  await settledTeam(run.run_id);
  expect(effects).toHaveLength(1);
});

test("one answer to many members asks each of them a few times, not all of them for each", async () => {
  const n = 12;
  const run = await lead({
    calls: [...Array(n).keys()].map((i) => handing("clerk", { calls: [rename(`u${i}`)] })),
  });
  const join = vi.spyOn(RunObject.prototype, "join");
  const answers = run.requirements.map((wait) => ({ ...wait, confirmation: true }));
  expect((await continueTeam(run.run_id, answers)).status).toBe(200);
  expect(effects).toHaveLength(n);
  expect(join.mock.calls.length).toBeLessThan(4 * n);
});
