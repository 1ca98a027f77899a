import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import type { RunObject } from "../../src/run/run.ts";
import type { RunView } from "../../src/run/view.ts";
import {
  approvalsOf,
  approve,
  ask,
  crash,
  door,
  evict,
  get,
  pending,
  resolve,
  ring,
  settle,
  stub,
} from "../client.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { effects, healAll } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

const deletion = (user_id: string) => ({ name: "delete_user_data", args: { user_id } });

/** The run of the member that the team's n-th call was handed to. */
function memberRun(run: RunView, n = 0): string {
  return run.tools[n]?.child_run_id ?? "";
}

function told(run: RunView): string[] {
  return run.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

test("a member works in a run of its own, and its answer is the leader's tool result", async () => {
  const run = await lead(
    {
      calls: [
        handing(
          "clerk",
          { calls: [{ name: "look_up", args: { user_id: "u-1" } }] },
          { text: "Known." },
        ),
      ],
    },
    { text: "All is well." },
  );
  expect(run).toMatchObject({
    status: "COMPLETED",
    content: "All is well.",
    team_id: "crew",
    agent_id: null,
  });
  expect(told(run)).toEqual(["Known."]);
  const member = await settle(memberRun(run));
  expect(member).toMatchObject({
    agent_id: "clerk",
    team_id: "crew",
    parent_run_id: run.run_id,
    session_id: run.session_id,
    content: "Known.",
  });
  expect(effects.map(({ runId }) => runId)).toEqual([member.run_id]);
});

test("a member's gated call pauses member and team, shows its lineage, and both resume by themselves after the decision", async () => {
  const run = await lead(
    { calls: [handing("clerk", { calls: [deletion("u-2")] }, { text: "Gone." })] },
    { text: "Done." },
  );
  expect(run.status).toBe("PAUSED");
  const memberId = memberRun(run);
  const one = await pending(run.run_id);
  expect(one).toMatchObject({
    run_id: memberId,
    root_run_id: run.run_id,
    source_type: "agent",
    agent_id: "clerk",
    team_id: "crew",
    context: {
      lineage: [
        { type: "team", id: "crew", name: "Crew", run_id: run.run_id },
        { type: "agent", id: "clerk", name: "Clerk", run_id: memberId },
      ],
    },
  });
  expect(await pending(memberId)).toEqual(one);
  expect(run.requirements).toMatchObject([
    {
      member_agent_id: "clerk",
      member_agent_name: "Clerk",
      member_run_id: memberId,
      tool_execution: { approval_id: one.id, tool_args: { user_id: "u-2" } },
    },
  ]);
  expect(effects).toEqual([]);
  await approve(one.id);
  const after = await settledTeam(run.run_id);
  expect(after).toMatchObject({ status: "COMPLETED", content: "Done." });
  expect(told(after)).toEqual(["Gone."]);
  expect(effects).toHaveLength(1);
});

test("several members work at once, each pause is its own, and the leader goes on after the last", async () => {
  const run = await lead(
    {
      calls: [
        handing("clerk", { calls: [deletion("a")] }, { text: "A." }),
        handing("tester", { calls: [deletion("b")] }, { text: "B." }),
        handing("clerk", { text: "C." }),
        deletion("own"),
      ],
    },
    { text: "Done." },
  );
  expect(run.status).toBe("PAUSED");
  const approvals = await approvalsOf(run.run_id);
  expect(
    new Set(
      approvals.map(({ source_type, tool_args }) => `${source_type} ${tool_args["user_id"]}`),
    ),
  ).toEqual(new Set(["agent a", "agent b", "team own"]));
  expect(approvals.find(({ source_type }) => source_type === "team")).toMatchObject({
    agent_id: null,
    team_id: "crew",
    source_name: "Crew",
    run_id: run.run_id,
  });
  for (const { id, tool_args } of approvals) {
    const { status } = await resolve(id, {
      status: tool_args["user_id"] === "b" ? "rejected" : "approved",
    });
    expect(status).toBe(200);
  }
  const after = await settledTeam(run.run_id);
  expect(after.status).toBe("COMPLETED");
  expect(told(after).slice(0, 3)).toEqual([
    "A.",
    "B.\ndelete_user_data was not executed. Function call was rejected by the user",
    "C.",
  ]);
  expect(new Set(effects.map(({ args }) => args["user_id"]))).toEqual(new Set(["a", "own"]));
});

test("a team in a team in a team: the approval three runs down is found by the run at the top, and all four resume", async () => {
  const run = await lead(
    {
      calls: [
        handing(
          "middle",
          {
            calls: [
              handing(
                "inner",
                { calls: [handing("clerk", { calls: [deletion("deep")] }, { text: "1" })] },
                { text: "2" },
              ),
            ],
          },
          { text: "3" },
        ),
      ],
    },
    { text: "4" },
  );
  expect(run.status).toBe("PAUSED");
  const one = await pending(run.run_id);
  const lineage = one.context["lineage"] as { id: string; run_id: string }[];
  expect(lineage.map(({ id }) => id)).toEqual(["crew", "middle", "inner", "clerk"]);
  expect(one).toMatchObject({ team_id: "inner", agent_id: "clerk", root_run_id: run.run_id });
  expect(run.requirements).toMatchObject([{ member_agent_id: "clerk", member_run_id: one.run_id }]);
  for (const { run_id } of lineage) await evict(run_id);
  await approve(one.id);
  expect(await settledTeam(run.run_id)).toMatchObject({ status: "COMPLETED", content: "4" });
  expect(effects).toHaveLength(1);
});

test("a member's approval is found and decided after both objects were evicted", async () => {
  const run = await lead({ calls: [handing("clerk", { calls: [deletion("e")] }, { text: "ok" })] });
  const one = await pending(run.run_id);
  await evict(run.run_id);
  await evict(one.run_id);
  await approve(one.id);
  expect((await settledTeam(run.run_id)).status).toBe("COMPLETED");
});

test("a member that fails is told to the leader, and so is one that was cancelled", async () => {
  const run = await lead({
    calls: [
      handing("clerk", { response: () => new Response("{}", { status: 400 }) }),
      handing("clerk", { calls: [deletion("x")] }),
    ],
  });
  expect(run.status).toBe("PAUSED");
  expect((await ask("POST", `/agents/clerk/runs/${memberRun(run, 1)}/cancel`)).status).toBe(200);
  const after = await settledTeam(run.run_id);
  expect(told(after)[0]).toMatch(/^'Clerk' failed: /);
  expect(told(after)[1]).toBe("The run of 'Clerk' was cancelled before it had an answer.");
  expect(after.status).toBe("COMPLETED");
  expect(effects).toEqual([]);
});

test("cancelling the team cancels its members, theirs, and their pending approvals", async () => {
  const run = await lead({
    calls: [
      handing("clerk", { calls: [deletion("x")] }),
      handing("middle", {
        calls: [handing("inner", { calls: [handing("clerk", { calls: [deletion("y")] })] })],
      }),
      deletion("z"),
    ],
  });
  const approvals = await approvalsOf(run.run_id);
  expect(approvals).toHaveLength(3);
  expect((await ask("POST", `/teams/crew/runs/${run.run_id}/cancel`)).status).toBe(200);
  for (const { id } of approvals)
    expect((await get<{ status: string }>(`/approvals/${id}`)).status).toBe("cancelled");
  expect((await approvalsOf(run.run_id)).map(({ status }) => status)).toEqual([
    "cancelled",
    "cancelled",
    "cancelled",
  ]);
  expect((await settle(memberRun(run))).status).toBe("CANCELLED");
  expect(effects).toEqual([]);
});

test("a cancellation that is repeated after a crash reaches the members that the first did not", async () => {
  const run = await lead({ calls: [handing("clerk", { calls: [deletion("x")] })] });
  const one = await pending(run.run_id);
  try {
    await runInDurableObject(stub(run.run_id), async (instance, state) => {
      // Stored, and cut off before any member has heard.
      const { env } = instance as unknown as { env: Record<string, unknown> };
      const { RUNS } = env;
      env["RUNS"] = { getByName: () => ({ join: () => new Promise(() => undefined) }) };
      void (instance as unknown as RunObject).cancel();
      await state.storage.sync();
      env["RUNS"] = RUNS;
      state.abort("crash");
    });
  } catch (error) {
    if (!String(error).includes("crash")) throw error;
  }
  expect((await get<{ status: string }>(`/approvals/${one.id}`)).status).toBe("pending");
  expect((await ask("POST", `/teams/crew/runs/${run.run_id}/cancel`)).status).toBe(200);
  expect((await get<{ status: string }>(`/approvals/${one.id}`)).status).toBe("cancelled");
});

test("what was turned down in a team's run cannot be reached through another member of it, or through the leader", async () => {
  const run = await lead(
    { calls: [handing("clerk", { calls: [deletion("v")] }, { text: "no" })] },
    { calls: [handing("tester", { calls: [deletion("v")] }, { text: "neither" }), deletion("v")] },
    { text: "gave up" },
  );
  await resolve((await pending(run.run_id)).id, {
    status: "rejected",
    resolution_data: { note: "never" },
  });
  const after = await settledTeam(run.run_id);
  expect(after).toMatchObject({ status: "COMPLETED", content: "gave up" });
  expect(await approvalsOf(run.run_id)).toHaveLength(1);
  expect(told(after)[2]).toBe("Function call was rejected by the user: never");
  const other = await settle(memberRun(after, 1));
  expect(told(other)).toEqual(["Function call was rejected by the user: never"]);
  expect(effects).toEqual([]);
});

test("a crash between the member's end and the team's knowledge of it loses nothing, on either side", async () => {
  for (const which of ["team", "member"] as const) {
    const run = await lead(
      { calls: [handing("clerk", { calls: [deletion(which)] }, { text: "ok" })] },
      { text: "Done." },
    );
    const one = await pending(run.run_id);
    const { status } = await resolve(one.id, { status: "approved" });
    expect(status).toBe(200);
    await crash(which === "team" ? run.run_id : one.run_id);
    await ring(one.run_id);
    await ring(run.run_id);
    const after = await settledTeam(run.run_id);
    expect(after).toMatchObject({ status: "COMPLETED", content: "Done." });
  }
  expect(effects).toHaveLength(2);
});

test("the leader is told of a member that it does not have, and nobody is started", async () => {
  const run = await lead({ calls: [handing("stranger", { text: "?" })] });
  expect(run.status).toBe("COMPLETED");
  expect(told(run)[0]).toContain("member_id");
  expect(memberRun(run)).toBe("");
});

test("a run's own user answers a member's question through the team's run", async () => {
  const rename = { name: "rename", args: { user_id: "u", name: "n" } };
  const run = await lead({
    calls: [handing("clerk", { calls: [rename] }), handing("clerk", { calls: [rename] })],
  });
  expect(run.status).toBe("PAUSED");
  const [first, second] = run.requirements;
  const response = await ask("POST", `/teams/crew/runs/${run.run_id}/continue`, {
    requirements: [
      { ...first, confirmation: true },
      { ...second, confirmation: false, confirmation_note: "not him" },
    ],
  });
  expect(response.status).toBe(200);
  const after = await response.json<RunView>();
  expect(after.status).toBe("COMPLETED");
  expect(effects).toHaveLength(1);
  expect(told(await settle(memberRun(after, 1)))).toEqual([
    "Function call was rejected by the user: not him",
  ]);
});

test("a team cannot be continued while a member waits for an approval, whatever the payload says", async () => {
  const run = await lead({ calls: [handing("clerk", { calls: [deletion("p")] })] });
  const [wait] = run.requirements;
  const response = await ask("POST", `/teams/crew/runs/${run.run_id}/continue`, {
    requirements: [
      {
        ...wait,
        confirmation: true,
        tool_execution: {
          ...wait?.tool_execution,
          confirmed: true,
          tool_args: { user_id: "other" },
        },
      },
    ],
  });
  expect([response.status, await response.json()]).toEqual([
    403,
    { detail: "This run requires admin approval before it can be continued" },
  ]);
  expect(effects).toEqual([]);
});

test("an audited tool of the team's own leaves a record that says so", async () => {
  const run = await lead({ calls: [{ name: "notify", args: { user_id: "u" } }] });
  expect(await approvalsOf(run.run_id)).toMatchObject([
    {
      approval_type: "audit",
      source_type: "team",
      team_id: "crew",
      agent_id: null,
      call_outcome: "succeeded",
    },
  ]);
});

test("a member's run is read by its own agent's path, and by no other", async () => {
  const run = await lead({ calls: [handing("clerk", { text: "hi" })] });
  const id = memberRun(run);
  expect((await ask("GET", `/agents/clerk/runs/${id}`)).status).toBe(200);
  expect((await ask("GET", `/teams/crew/runs/${id}`)).status).toBe(404);
  expect((await ask("GET", `/agents/crew/runs/${run.run_id}`)).status).toBe(404);
  expect((await ask("GET", `/teams/crew/runs/${run.run_id}`)).status).toBe(200);
  expect((await door(id).view()).ok).toBe(true);
});
