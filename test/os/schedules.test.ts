import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import app from "../worker.ts";
import { approve, ask, get, pending, settle } from "../client.ts";
import { clock, script } from "../world.ts";

interface Schedule {
  id: string;
  source: string;
  enabled: boolean;
  cron: string;
  next_at: number | null;
}
interface Occasion {
  id: string;
  due_at: number;
  status: string;
  run_id: string | null;
  reason: string | null;
  manual: boolean;
}

const minuteMs = 60_000;
const deletion = () =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }, { text: "Gone." });
const unique = (name: string) => `${name}-${crypto.randomUUID().slice(0, 13)}`;
const mine: string[] = [];

/** Makes a schedule that is due every minute, unless something else is said. */
async function make(fields: object = {}): Promise<Schedule> {
  const wish = {
    id: unique("s"),
    agent_id: "tester",
    cron: "* * * * *",
    message: deletion(),
    ...fields,
  };
  const response = await ask("POST", "/schedules", wish);
  const made = await response.json<Schedule>();
  if (response.status !== 201) throw new Error(JSON.stringify(made));
  mine.push(made.id);
  return made;
}

const tick = async (cron = "* * * * *"): Promise<void> =>
  app.scheduled({ cron } as ScheduledController, env, undefined as never);
const patch = async (id: string, body: object) => ask("PATCH", `/schedules/${id}`, body);
const runsOf = async (id: string): Promise<Occasion[]> =>
  (await get<{ data: Occasion[] }>(`/schedules/${id}/runs?limit=200`)).data;
const statusesOf = async (id: string) => (await runsOf(id)).map(({ status }) => status);
const runNow = async (id: string, headers = {}) => {
  const response = await ask("POST", `/schedules/${id}/run`, undefined, headers);
  return { status: response.status, occasion: await response.json<Occasion>() };
};

/** Goes on to the next whole minute, and a little. */
async function pass(minutes = 1): Promise<void> {
  const at = Math.floor(clock.now() / minuteMs) * minuteMs + minutes * minuteMs + 2_000;
  clock.move(at - clock.now());
  await tick();
}

afterEach(async () => {
  for (const id of mine.splice(0)) await ask("DELETE", `/schedules/${id}`);
});

test("a schedule starts its agent when it is due; the run and its approvals say which schedule, and which of its times", async () => {
  const { id, next_at } = await make({ user_id: "mia", session_id: unique("session") });
  await tick();
  expect(await runsOf(id)).toEqual([]);
  await pass();
  const [occasion, ...others] = await runsOf(id);
  expect(others).toEqual([]);
  expect(occasion).toMatchObject({
    due_at: next_at,
    status: "started",
    reason: null,
    manual: false,
    id: expect.stringMatching(/^srn_/) as string,
  });
  const run = await settle(occasion?.run_id ?? "");
  const of = {
    schedule_id: id,
    schedule_run_id: occasion?.id,
    requested_by: `schedule:${id}`,
    user_id: "mia",
  };
  expect(run).toMatchObject({ status: "PAUSED", ...of });
  const asked = await pending(run.run_id);
  expect(asked).toMatchObject(of);
  const listed = await get<{ data: { id: string }[] }>(`/approvals?schedule_id=${id}`);
  expect(listed.data.map((one) => one.id)).toEqual([asked.id]);
  expect((await approve(asked.id)).status).toBe("COMPLETED");
});

test("two ticks at once, and one again, start nothing twice", async () => {
  const { id } = await make({ overlap: "allow" });
  clock.move(minuteMs + 1000);
  await Promise.all(Array.from({ length: 5 }, async () => tick()));
  await tick();
  expect(await statusesOf(id)).toEqual(["started"]);
});

describe("where the run before has not ended", () => {
  test("it is skipped, and says why", async () => {
    const { id } = await make({ overlap: "skip" });
    await pass();
    await pass();
    const [second, first] = await runsOf(id);
    expect([second?.status, first?.status]).toEqual(["skipped", "started"]);
    expect(second?.reason).toBe(`The run before, ${first?.run_id}, has not ended.`);
    await settle(first?.run_id ?? "");
    await approve((await pending(first?.run_id ?? "")).id);
    await pass();
    expect(await statusesOf(id)).toEqual(["started", "skipped", "started"]);
  });

  test("one waits, and no more", async () => {
    const { id } = await make({ overlap: "queue" });
    await pass();
    await pass();
    await pass();
    expect(await statusesOf(id)).toEqual(["skipped", "queued", "started"]);
    const first = (await runsOf(id)).at(-1)?.run_id ?? "";
    await settle(first);
    await approve((await pending(first)).id);
    await tick();
    expect(await statusesOf(id)).toEqual(["skipped", "started", "started"]);
  });

  test("it is started beside, where that is allowed", async () => {
    const { id } = await make({ overlap: "allow" });
    await pass();
    await pass();
    expect(await statusesOf(id)).toEqual(["started", "started"]);
  });
});

describe("times that went by while nothing could be started", () => {
  test("are made up for by one run", async () => {
    const { id } = await make({ cron: "0 * * * *", missed: "run_once" });
    await pass(5 * 60 + 30);
    expect(await statusesOf(id)).toEqual(["started", "skipped"]);
    expect((await runsOf(id)).at(-1)?.reason).toMatch(
      /^\d times went by while nothing could be started\.$/,
    );
  });

  test("or passed over", async () => {
    const { id } = await make({ cron: "0 * * * *", missed: "skip" });
    const { next_at } = await get<Schedule>(`/schedules/${id}`);
    clock.move((next_at ?? 0) * 1000 + 3 * 3_600_000 + 30 * minuteMs - clock.now());
    await tick();
    expect(await statusesOf(id)).toEqual(["skipped"]);
    const { next_at: next } = await get<Schedule>(`/schedules/${id}`);
    expect((next ?? 0) * 1000).toBeGreaterThan(clock.now());
  });
});

test("one that is paused starts nothing, and does not make up for it", async () => {
  const { id } = await make();
  expect(await (await patch(id, { enabled: false })).json()).toMatchObject({ enabled: false });
  await pass();
  await pass(600);
  expect(await runsOf(id)).toEqual([]);
  expect(await (await patch(id, { enabled: "true" })).json()).toMatchObject({ enabled: true });
  await tick();
  expect(await runsOf(id)).toEqual([]);
  await pass();
  expect(await statusesOf(id)).toEqual(["started"]);
});

test("what waits when it is paused is passed over", async () => {
  const { id } = await make({ overlap: "queue" });
  await pass();
  await pass();
  expect(await statusesOf(id)).toEqual(["queued", "started"]);
  await patch(id, { enabled: false });
  await tick();
  expect(await runsOf(id)).toMatchObject([
    { status: "skipped", reason: "The schedule is paused." },
    { status: "started" },
  ]);
});

test("it is run by hand, paused or not, once for a key; whoever does has asked for the run", async () => {
  const { id } = await make({ cron: "0 0 1 1 *" });
  await patch(id, { enabled: false });
  const headers = { "idempotency-key": unique("key") };
  const [one, two] = [await runNow(id, headers), await runNow(id, headers)];
  expect(one).toMatchObject({ status: 202, occasion: { status: "started", manual: true } });
  expect(two.occasion).toEqual(one.occasion);
  expect(await settle(one.occasion.run_id ?? "")).toMatchObject({
    schedule_id: id,
    schedule_run_id: one.occasion.id,
    requested_by: "anonymous",
  });
  expect((await runNow("nothing")).status).toBe(404);
});

test("what is changed is due by what it says now", async () => {
  const { id, next_at } = await make({ cron: "0 3 1 1 *" });
  const changed = await (
    await patch(id, { cron: "*/5 * * * *", timezone: "Europe/Berlin" })
  ).json<Schedule>();
  expect(changed.next_at).not.toBe(next_at);
  expect(changed).toMatchObject({ cron: "*/5 * * * *", timezone: "Europe/Berlin", source: "api" });
  await pass(5);
  expect(await statusesOf(id)).toEqual(["started"]);
});

test("one that is deleted starts nothing any more, also what waits", async () => {
  const { id } = await make({ overlap: "queue" });
  await pass();
  await pass();
  expect((await ask("DELETE", `/schedules/${id}`)).status).toBe(204);
  await pass();
  expect((await ask("GET", `/schedules/${id}`)).status).toBe(404);
  expect((await ask("DELETE", `/schedules/${id}`)).status).toBe(404);
});

describe("one that is written in code", () => {
  test("is there from the beginning, can be paused and run, and not be changed", async () => {
    expect(await get("/schedules/nightly")).toMatchObject({
      source: "code",
      agent_id: "tester",
      cron: "30 2 * * *",
      timezone: "Europe/Berlin",
      enabled: true,
    });
    const { data } = await get<{ data: Schedule[] }>("/schedules");
    expect(data.map(({ id }) => id)).toContain("nightly");
    expect((await patch("nightly", { message: "x" })).status).toBe(409);
    expect((await ask("DELETE", "/schedules/nightly")).status).toBe(409);
    expect((await patch("nightly", { enabled: false })).status).toBe(200);
    expect((await patch("nightly", { enabled: true })).status).toBe(200);
  });
});

describe("what does not fit is refused in words", () => {
  test.each([
    [{ cron: "* * * *" }, /five fields/],
    [{ cron: "61 * * * *" }, /'61' is no minute/],
    [{ cron: "0 0 30 2 *" }, /never be due/],
    [{ timezone: "Mars/Olympus" }, /Unknown time zone/],
    [{ agent_id: "nobody" }, /There is no agent or team 'nobody'/],
    [{ message: " " }, /must not be empty/],
    [{ id: "Not A Slug" }, /Lower-case/],
    [{ overlap: "never" }, /Invalid option/],
  ])("%j", async (fields, words) => {
    const response = await ask("POST", "/schedules", {
      agent_id: "tester",
      cron: "* * * * *",
      message: "x",
      ...fields,
    });
    expect([response.status, await response.text()]).toEqual([422, expect.stringMatching(words)]);
  });

  test("an id that is taken", async () => {
    const { id } = await make();
    const response = await ask("POST", "/schedules", {
      id,
      agent_id: "tester",
      cron: "* * * * *",
      message: "x",
    });
    expect([response.status, await response.json()]).toEqual([
      409,
      { detail: `There is a schedule '${id}' already.` },
    ]);
  });
});

test("its runs are listed by pages that neither repeat nor miss one", async () => {
  const { id } = await make({ overlap: "allow", message: script() });
  for (let i = 0; i < 5; i++) await pass();
  const first = await get<{ data: Occasion[]; next_cursor: string }>(
    `/schedules/${id}/runs?limit=3`,
  );
  const rest = await get<{ data: Occasion[]; next_cursor: null }>(
    `/schedules/${id}/runs?limit=3&cursor=${first.next_cursor}`,
  );
  expect([...first.data, ...rest.data]).toEqual(await runsOf(id));
  expect(rest.next_cursor).toBeNull();
});

test("an agent that is gone fails the run and says so, and the schedule goes on", async () => {
  const quiet = vi.spyOn(console, "error").mockReturnValue();
  const { id } = await make({ session_id: unique("session"), user_id: "mia" });
  const { id: other } = await make({
    session_id: (await get<{ session_id: string }>(`/schedules/${id}`)).session_id,
    user_id: "bob",
  });
  await pass();
  const both = [...(await statusesOf(id)), ...(await statusesOf(other))];
  // The session is the first one's who came.
  expect(both.toSorted()).toEqual(["failed", "started"]);
  quiet.mockRestore();
});

test("the calls of a team's members say which schedule asked, too", async () => {
  const task = script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
  const { id } = await make({
    agent_id: "crew",
    message: script({
      calls: [{ name: "delegate_task_to_member", args: { member_id: "clerk", task } }],
    }),
  });
  await pass();
  const [occasion] = await runsOf(id);
  await settle(occasion?.run_id ?? "");
  await vi.waitFor(async () => {
    const { data } = await get<{ data: object[] }>(`/approvals?schedule_id=${id}`);
    expect(data).toMatchObject([
      { agent_id: "clerk", schedule_run_id: occasion?.id, root_run_id: occasion?.run_id },
    ]);
  });
});
