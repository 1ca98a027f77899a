import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { Agent } from "../../src/agent/agent.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import type { Db, Store } from "../../src/run/store.ts";
import type { ScheduleRow, ScheduleRunRow } from "../../src/run/trigger-store.ts";
import { bearer } from "../../src/triggers/bearer.ts";
import { schedule } from "../../src/triggers/schedule.ts";
import { webhook } from "../../src/triggers/webhook.ts";
import { approve, ask, pending, settle } from "../client.ts";
import { db, query } from "../database.ts";
import { http } from "../os/http.ts";
import app, { agent } from "../worker.ts";
import { clock, FaultyDb, script } from "../world.ts";

const minuteMs = 60_000;
const cron = "* * * * *";
const deletion = () =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }, { text: "Gone." });
const unique = () => `s-${crypto.randomUUID().slice(0, 13)}`;
const { schedules } = db.connect(env);
const mine: string[] = [];

async function make(fields: object = {}): Promise<string> {
  const id = unique();
  const wish = { id, agent_id: "tester", cron, message: deletion(), ...fields };
  const response = await ask("POST", "/schedules", wish);
  if (response.status !== 201) throw new Error(await response.text());
  mine.push(id);
  return id;
}

const runsOf = async (id: string): Promise<ScheduleRunRow[]> =>
  schedules.runs(id, { limit: 200, after: null });
const statusesOf = async (id: string) => (await runsOf(id)).map(({ status }) => status);
const tick = async (of: Pick<typeof app, "scheduled"> = app, on: object = env): Promise<void> =>
  of.scheduled({ cron } as ScheduledController, on, undefined as never);

/** To the next whole minute, and a little. */
function toNextMinute(): void {
  const at = Math.floor(clock.now() / minuteMs) * minuteMs + minuteMs + 2_000;
  clock.move(at - clock.now());
}

/** A release of the Worker with these schedules in its code, in an instance of its own. */
function release(...messages: [id: string, message: string][]) {
  const os = new AgentOS({
    agents: [agent],
    db: new FaultyDb(),
    now: clock.now,
    triggers: messages.map(([id, message]) => schedule({ id, agent: "tester", cron, message })),
  });
  const own = { ...env };
  return { tick: async () => tick(os.getApp(), own) };
}

afterEach(async () => {
  for (const id of mine.splice(0)) await ask("DELETE", `/schedules/${id}`);
});

test("a release on its way out passes over nothing of a schedule that it does not know yet", async () => {
  const id = unique();
  const before = release();
  const after = release([id, deletion()]);
  await after.tick();
  toNextMinute();
  await before.tick();
  expect(await runsOf(id)).toEqual([]);
  await after.tick();
  expect(await statusesOf(id)).toEqual(["started"]);
});

test("nor of what the other has queued; what is queued of a schedule that is gone for good is passed over", async () => {
  const id = unique();
  const before = release();
  const after = release([id, deletion()]);
  await after.tick();
  const atMs = clock.now();
  const one = { id: `srn_${id}`, schedule_id: id, due_at_ms: atMs, status: "queued" } as const;
  const times = { created_at_ms: atMs, updated_at_ms: atMs };
  await schedules.addRun({ ...one, run_id: null, reason: null, is_manual: false, ...times });
  await before.tick();
  expect(await statusesOf(id)).toEqual(["queued"]);
  clock.move(11 * minuteMs);
  await before.tick();
  expect(await statusesOf(id)).toEqual(["skipped"]);
});

test("nor of one whose agent it does not know yet", async () => {
  const id = await make();
  const row = (await schedules.read(id)) as ScheduleRow;
  await schedules.change({ ...row, agent_id: "newcomer", version: row.version + 1 });
  toNextMinute();
  await tick();
  expect(await statusesOf(id)).toEqual(["queued"]);
  clock.move(11 * minuteMs);
  await tick();
  expect((await runsOf(id)).at(-1)).toMatchObject({
    status: "failed",
    reason: "There is no agent or team 'newcomer' any more.",
  });
});

test("what a release on its way out puts back does not stay", async () => {
  const id = unique();
  const [old, now] = [script(), script()];
  const after = release([id, now]);
  await after.tick();
  await release([id, old]).tick();
  expect(await schedules.read(id)).toMatchObject({ message: old });
  // Not at once: as long as both are there they would take turns.
  await after.tick();
  expect(await schedules.read(id)).toMatchObject({ message: old });
  clock.move(11 * minuteMs);
  await after.tick();
  expect(await schedules.read(id)).toMatchObject({ message: now });
});

test("the tick is lost after the run's start: it is found started, whatever runs beside by then", async () => {
  const id = await make({ overlap: "skip" });
  toNextMinute();
  await tick();
  const [lost] = await runsOf(id);
  await query("UPDATE schedule_runs SET status = 'queued', run_id = NULL WHERE id = ?", lost?.id);
  const byHand = await ask("POST", `/schedules/${id}/run`);
  const { run_id } = await byHand.json<{ run_id: string }>();
  expect(await settle(run_id)).toMatchObject({ status: "PAUSED" });
  await tick();
  expect(await schedules.readRun(lost?.id ?? "")).toMatchObject({
    status: "started",
    run_id: lost?.run_id,
  });
});

test("runs by hand that have ended do not hide the one before that has not", async () => {
  const id = await make({ overlap: "skip" });
  toNextMinute();
  await tick();
  for (let n = 0; n < 3; n++) {
    clock.move(1000);
    const response = await ask("POST", `/schedules/${id}/run`);
    const { run_id } = await response.json<{ run_id: string }>();
    await settle(run_id);
    expect((await approve((await pending(run_id)).id)).status).toBe("COMPLETED");
  }
  toNextMinute();
  await tick();
  const [last] = await runsOf(id);
  expect(last).toMatchObject({ status: "skipped", is_manual: false });
});

test("however many wait of others, one that is due starts", async () => {
  const id = await make();
  const paused = await make();
  await ask("PATCH", `/schedules/${paused}`, { enabled: false });
  await query(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
     INSERT INTO schedule_runs (id, schedule_id, due_at_ms, status, is_manual, created_at_ms, updated_at_ms)
     SELECT 'srn_waits_' || i, ?, i, 'queued', 0, i, i FROM n`,
    paused,
  );
  toNextMinute();
  await tick();
  expect(await statusesOf(id)).toEqual(["started"]);
});

test("a tick that fails does not keep the sweeper from its round", async () => {
  const pruned = vi.fn<Store["prune"]>();
  const broken: Db = {
    id: "broken",
    connect(on) {
      const store = db.connect(on);
      const fail = async () => Promise.reject(new Error("The schedules cannot be read."));
      return Object.assign(store, {
        schedules: { ...store.schedules, due: fail },
        prune: pruned,
      });
    },
  };
  const swept = new AgentOS({ agents: [agent], db: broken, now: clock.now }).getApp();
  const at = { cron: "*/5 * * * *" } as ScheduledController;
  await expect(swept.scheduled(at, { ...env }, undefined as never)).rejects.toThrow("schedules");
  expect(pruned).toHaveBeenCalledOnce();
});

test("all the schedules that there may be fit into an instance: their messages are short", async () => {
  const id = `s-${crypto.randomUUID().slice(0, 13)}`;
  const wish = { id, agent_id: "tester", cron: "0 0 1 1 *" };
  const make = async (message: string) =>
    (await ask("POST", "/schedules", { ...wish, message })).status;
  expect(await make("ü".repeat(8193))).toBe(422);
  expect(await make("ü".repeat(8192))).toBe(201);
  const change = { message: "x".repeat(16_385) };
  expect((await ask("PATCH", `/schedules/${id}`, change)).status).toBe(422);
  await ask("DELETE", `/schedules/${id}`);
});

test("the runs are still of a release that does not know the agent: what is due, or comes in, is to be tried again", async () => {
  const newcomer = new Agent({ id: "newcomer", model: agent.model, tools: [] });
  const id = unique();
  const os = new AgentOS({
    agents: [newcomer],
    db: new FaultyDb(),
    now: clock.now,
    triggers: [
      schedule({ id, agent: "newcomer", cron, message: script() }),
      webhook({ id: "early", agent: "newcomer", verify: bearer() }),
    ],
  });
  const early = os.getApp();
  await tick(early);
  toNextMinute();
  const quiet = vi.spyOn(console, "error").mockReturnValue();
  await tick(early);
  quiet.mockRestore();
  expect(await statusesOf(id)).toEqual(["queued"]);
  const sent = { body: "{}", headers: { authorization: "Bearer token-of-16-or-more" } };
  const response = await http("POST", "/webhooks/early", { ...sent, app: early });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
});
