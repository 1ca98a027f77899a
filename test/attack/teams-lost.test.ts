import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { approvalsOf, ask, crash, door, get, resolve, ring, settle } from "../client.ts";
import { handing, lead } from "../team.ts";
import { effects, healAll } from "../world.ts";
import { begin, deletion, look, memberRun, original, team } from "./teams.ts";
import { RunObject } from "../../src/run/run.ts";
import { type JoinMessage } from "../../src/run/messages.ts";
import { type RunView } from "../../src/run/view.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});
afterEach(() => {
  vi.restoreAllMocks();
});

function told(run: RunView): string[] {
  return run.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

test("a member whose start is on its way when its team is cancelled does nothing, though the start comes late and again", async () => {
  const sent: JoinMessage[] = [];
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const join = original("join");
  vi.spyOn(RunObject.prototype, "join").mockImplementation(async function (
    this: RunObject,
    message,
  ) {
    sent.push(message);
    if (!message.dismissed) await promise;
    return join.call(this, message);
  });
  const run_id = await begin({ calls: [handing("clerk", look, { calls: [deletion("late")] })] });
  await vi.waitFor(() => expect(sent).toHaveLength(1), 5000);
  const cancelled = ask("POST", `/teams/crew/runs/${run_id}/cancel`);
  await scheduler.wait(20);
  await crash(run_id);
  await cancelled;
  await ring(run_id);
  release();
  const memberId = memberRun(await team(run_id));
  const first = sent[0] as JoinMessage;
  await door(memberId).join(first);
  expect(await settle(memberId)).toMatchObject({ status: "CANCELLED" });
  expect(await approvalsOf(run_id)).toEqual([]);
});

test("a team that is reset between its cancelling and its members' knowledge of it tells them all the same", async () => {
  const run = await lead({
    calls: [
      handing("clerk", { calls: [deletion("x")] }),
      handing("middle", { calls: [handing("inner", { calls: [{ name: "refund", args: {} }] })] }),
    ],
  });
  const [one, two] = await approvalsOf(run.run_id);
  const join = vi.spyOn(RunObject.prototype, "join").mockRejectedValue(new Error("out of reach"));
  vi.spyOn(console, "error").mockReturnValue();
  await ask("POST", `/teams/crew/runs/${run.run_id}/cancel`);
  await crash(run.run_id);
  join.mockRestore();
  expect(await ring(run.run_id)).toBe(true);
  for (const id of [one?.id, two?.id])
    expect(await get(`/approvals/${id}`)).toMatchObject({ status: "cancelled" });
});

test("late, doubled, foreign and older words of a member change nothing", async () => {
  const run = await lead({
    calls: [handing("clerk", { calls: [deletion("x")] }), handing("clerk", { text: "there" })],
  });
  const [call = "", other = ""] = [0, 1].map((n) => `${run.run_id}.1.${n}`);
  const before = await door(run.run_id).inspect();
  const report = {
    version: 1,
    status: "COMPLETED" as const,
    result: "All done!",
    waits: [],
    refusals: [],
  };
  const v = 1 as const;
  const hear = async (callId: string, memberRunId: string, version = 1) =>
    door(run.run_id).hear({ v, callId, memberRunId, report: { ...report, version } });
  await hear(call, memberRun(run));
  await hear(call, memberRun(run, 1), 1e9);
  await hear(other, memberRun(run), 1e9);
  await hear("nonsense", memberRun(run), 1e9);
  expect(await door(run.run_id).inspect()).toEqual(before);
  expect((await team(run.run_id)).status).toBe("PAUSED");
});

test("whatever is lost between a team and its members, on either side, all of them come to their end, and each call runs once", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  let hits = 0;
  for (const method of ["join", "hear", "turnedDown"] as const) {
    for (const moment of ["before", "after"] as const) {
      for (let nth = 1; nth <= 3; nth++) {
        effects.length = 0;
        const called = original(method);
        let calls = 0;
        let hit = false;
        const spy = vi.spyOn(RunObject.prototype, method).mockImplementation(async function (
          this: RunObject,
          message: unknown,
        ) {
          const now = ++calls === nth;
          const { ctx } = this as unknown as { ctx: DurableObjectState };
          if (now) hit = true;
          if (now && moment === "before") ctx.abort("crash");
          const answered = await called.call(this, message);
          if (now && moment === "after") ctx.abort("crash");
          return answered;
        } as never);
        const run_id = await begin(
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
              handing("clerk", { calls: [deletion("flat")] }, { text: "5" }),
            ],
          },
          { text: "4" },
        );
        let run = await team(run_id);
        for (let i = 0; i < 300 && run.status !== "COMPLETED" && run.status !== "ERROR"; i++) {
          const approvals = await approvalsOf(run_id);
          for (const { id, status } of approvals)
            if (status === "pending") await resolve(id, { status: "approved" });
          if (i % 20 === 19) {
            const ids = new Set([
              run_id,
              ...run.tools.flatMap(({ child_run_id }) => child_run_id ?? []),
              ...approvals.flatMap(({ context }) =>
                (context["lineage"] as { run_id: string }[]).map((above) => above.run_id),
              ),
            ]);
            for (const id of ids) await ring(id);
          }
          await scheduler.wait(10);
          run = await team(run_id);
        }
        spy.mockRestore();
        if (hit) hits += 1;
        const what = `${method} ${moment} ${nth}`;
        expect([what, run.status, told(run)]).toEqual([what, "COMPLETED", ["3", "5"]]);
        expect([
          what,
          effects
            .map(({ args }) => args["user_id"])
            // Runs of other tests go on meanwhile.
            .filter((id) => id === "deep" || id === "flat")
            .toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
        ]).toEqual([what, ["deep", "flat"]]);
        if (!hit) break;
      }
    }
  }
  expect(hits).toBeGreaterThan(14);
}, 120_000);
