import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { approvalsOf, ask, evict, ring, stub } from "../client.ts";
import { handing, lead } from "../team.ts";
import { clock, effects, healAll } from "../world.ts";
import { begin, deletion, team } from "./teams.ts";
import { RunObject } from "../../src/run/run.ts";
import { runInDurableObject } from "cloudflare:test";

beforeEach(() => {
  effects.length = 0;
  healAll();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Lets some hours pass, ringing whenever the alarm of one of these is due; how often each rang. */
async function hours(n: number, ...runIds: string[]): Promise<number[]> {
  const rang = runIds.map(() => 0);
  const startMs = clock.now();
  const movedMs = clock.movedMs;
  for (let i = 0; i < 500; i++) {
    const at = await Promise.all(
      runIds.map(async (id) =>
        runInDurableObject(stub(id), (_, state) => state.storage.getAlarm()),
      ),
    );
    const times = at.map((one) => (one === null ? Number.POSITIVE_INFINITY : one + clock.movedMs));
    const next = Math.min(...times);
    if (next - startMs > n * 3_600_000) break;
    clock.move(Math.max(0, next - clock.now()));
    const which = times.indexOf(next);
    for (const id of runIds) await evict(id);
    await ring(runIds[which] ?? "");
    rang[which] = (rang[which] ?? 0) + 1;
  }
  clock.movedMs = movedMs;
  return rang;
}

test("a team that is paused costs a handful of alarms and questions a day", async () => {
  const run = await lead({
    calls: [
      handing("clerk", { calls: [deletion("a")] }),
      handing("middle", {
        calls: [handing("inner", { calls: [handing("clerk", { calls: [deletion("b")] })] })],
      }),
    ],
  });
  const approvals = await approvalsOf(run.run_id);
  const ids = [
    run.run_id,
    ...new Set(
      approvals.flatMap(({ context }) =>
        (context["lineage"] as { run_id: string }[]).map(({ run_id }) => run_id),
      ),
    ),
  ].filter((id, i, all) => all.indexOf(id) === i);
  const join = vi.spyOn(RunObject.prototype, "join");
  const rang = await hours(24, ...ids);
  expect(Math.max(...rang)).toBeLessThan(12);
  expect(join.mock.calls.length).toBeLessThan(60);
}, 60_000);

test("a team whose member is not there any more does not ring every minute for ever, cancelled or not", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  for (const cancelled of [false, true]) {
    vi.spyOn(RunObject.prototype, "join").mockResolvedValue({ ok: false, reason: "not_found" });
    const run_id = await begin({ calls: [handing("clerk", { text: "hi" })] });
    await vi.waitFor(async () => expect((await team(run_id)).tools).toHaveLength(1), 5000);
    if (cancelled) await ask("POST", `/teams/crew/runs/${run_id}/cancel`);
    const [rang = 0] = await hours(6, run_id);
    expect(rang).toBeLessThan(100);
  }
}, 120_000);
