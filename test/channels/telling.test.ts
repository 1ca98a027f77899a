import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KernError } from "../../src/errors.ts";
import {
  approve,
  ask,
  evict,
  get,
  pending,
  read,
  resolve,
  ring,
  settle,
  start,
  stub,
} from "../client.ts";
import { clock, faults, healAll, script } from "../world.ts";
import { pager, turnOn } from "./channels.ts";

const yes = { status: "approved", resolved_by: "ann" };
const deletion = (...after: { text: string }[]) =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }, ...after);
const toldOf = (runId: string) =>
  pager.told.filter(({ notice }) => notice.run.run_id === runId).map(({ notice }) => notice);
const typesOf = (runId: string) => toldOf(runId).map(({ type }) => type);
const telling = async (runId: string, types: string[]) =>
  vi.waitFor(() => expect(typesOf(runId)).toEqual(types));

beforeEach(() => {
  pager.told.length = 0;
  turnOn("pager");
});
afterEach(() => {
  turnOn();
  pager.answer = undefined;
  healAll();
});

test("a channel is told of an approval through every state, in order, each with an id of its own", async () => {
  const { run_id } = await start(deletion({ text: "Gone." }));
  await telling(run_id, ["approval.pending"]);
  const asked = await pending(run_id);
  await approve(asked.id);
  await telling(run_id, [
    "approval.pending",
    "approval.resolved",
    "approval.executed",
    "run.completed",
  ]);
  const notices = toldOf(run_id);
  expect(new Set(notices.map(({ id }) => id)).size).toBe(4);
  expect(notices[0]).toMatchObject({
    id: expect.stringMatching(/^msg_[0-9a-f]{32}$/) as string,
    run: { run_id, status: "PAUSED" },
    approval: { id: asked.id, status: "pending", tool_args: { user_id: "u-1" } },
  });
  expect(notices[2]).toMatchObject({ approval: { call_outcome: "succeeded" } });
  expect(notices[3]).toMatchObject({ approval: null, run: { status: "COMPLETED" } });
});

test("what a channel kept of an approval comes with the next that it is told of it", async () => {
  const { run_id } = await start(deletion());
  await telling(run_id, ["approval.pending"]);
  await evict(run_id);
  await approve((await pending(run_id)).id);
  await telling(run_id, [
    "approval.pending",
    "approval.resolved",
    "approval.executed",
    "run.completed",
  ]);
  const receipts = pager.told
    .filter(({ notice }) => notice.run.run_id === run_id && notice.approval !== null)
    .map(({ receipt }) => receipt);
  expect(receipts).toEqual([null, { last: "approval.pending" }, { last: "approval.resolved" }]);
});

test("a channel that is down keeps nobody from deciding, and is told afterwards, without what has become pointless", async () => {
  pager.answer = () => {
    throw new KernError("unavailable", "It is down.");
  };
  const { run_id } = await start(deletion());
  const asked = await pending(run_id);
  expect((await approve(asked.id)).status).toBe("COMPLETED");
  expect(toldOf(run_id)).toEqual([]);
  // A day later it is up again.
  for (let hour = 0; hour < 24; hour++) {
    clock.move(3_600_000);
    await ring(run_id);
  }
  pager.answer = undefined;
  clock.move(3_600_000);
  await ring(run_id);
  await telling(run_id, ["approval.resolved", "approval.executed", "run.completed"]);
});

test("what fails is told again with its own id, later and later, and not before the time that was asked for", async () => {
  const attempts: { id: string; atMs: number }[] = [];
  pager.answer = (notice) => {
    attempts.push({ id: notice.id, atMs: clock.now() });
    throw new KernError("unavailable", "Too many.", { retryAfterMs: 120_000 });
  };
  const { run_id } = await start(deletion());
  await vi.waitFor(() => expect(attempts).toHaveLength(1));
  clock.move(60_000);
  await ring(run_id);
  expect(attempts).toHaveLength(1);
  clock.move(121_000);
  await ring(run_id);
  await vi.waitFor(() => expect(attempts).toHaveLength(2));
  expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
  pager.answer = undefined;
  clock.move(600_000);
  await ring(run_id);
  await telling(run_id, ["approval.pending"]);
});

test("what could not be told for three days is given up, unless it still waits", async () => {
  pager.answer = () => {
    throw new KernError("unavailable", "It is down.");
  };
  const over = await start(deletion());
  await approve((await pending(over.run_id)).id);
  const waits = await start(script({ calls: [{ name: "refund_when_big", args: {} }] }));
  clock.move(3 * 86_400_000 + 3_600_000);
  pager.answer = undefined;
  await ring(over.run_id);
  await ring(waits.run_id);
  expect(toldOf(over.run_id)).toEqual([]);
});

test("nothing is told before it is stored, nor twice after a crash in between", async () => {
  const before: string[] = [];
  pager.answer = async (notice) => {
    const { status } = await get<{ status: string }>(`/approvals/${notice.approval?.id}`);
    before.push(status);
    return { kind: "sent", receipt: null };
  };
  const { run_id } = await start(deletion());
  await telling(run_id, ["approval.pending"]);
  expect(before).toEqual(["pending"]);
  pager.answer = undefined;
  await evict(run_id);
  clock.move(60_000);
  await ring(run_id);
  await read(run_id);
  expect(typesOf(run_id)).toEqual(["approval.pending"]);
});

test.each([
  ["in the instance that failed", async () => undefined],
  ["after it went away", evict],
])("an alarm that was lost is set anew by whoever looks at the run, %s", async (_, between) => {
  pager.answer = () => {
    throw new KernError("unavailable", "It is down.");
  };
  const { run_id } = await start(deletion());
  await approve((await pending(run_id)).id);
  pager.answer = undefined;
  await runInDurableObject(stub(run_id), async (_object, state) => state.storage.deleteAlarm());
  await between(run_id);
  clock.move(3_600_000);
  expect(toldOf(run_id)).toEqual([]);
  expect((await read(run_id)).status).toBe("COMPLETED");
  expect(await ring(run_id)).toBe(true);
  await telling(run_id, ["approval.resolved", "approval.executed", "run.completed"]);
});

test("the sweeper finds what a channel was to be told again, where nobody looks at the run", async () => {
  pager.answer = () => {
    throw new KernError("unavailable", "It is down.");
  };
  const { run_id } = await start(deletion());
  await approve((await pending(run_id)).id);
  await vi.waitFor(async () => {
    const { data } = await get<{ data: object[] }>(`/deliveries?run_id=${run_id}&status=failed`);
    expect(data).not.toEqual([]);
  });
  pager.answer = undefined;
  await runInDurableObject(stub(run_id), async (_object, state) => state.storage.deleteAlarm());
  await evict(run_id);
  // Longer than the channel's longest pause, and some.
  clock.move(40 * 60_000);
  const swept = await (await ask("POST", "/ops/sweep")).json<{ untold: number }>();
  expect(swept.untold).toBeGreaterThan(0);
  expect(await ring(run_id)).toBe(true);
  await telling(run_id, ["approval.resolved", "approval.executed", "run.completed"]);
});

test("a database that is away does not keep channels from being told", async () => {
  faults.beforeProject = () => {
    throw new Error("away");
  };
  const { run_id } = await start(deletion());
  await telling(run_id, ["approval.pending"]);
});

test("a rejected, an expired and a cancelled approval are told as such", async () => {
  const rejected = await start(deletion());
  await resolve((await pending(rejected.run_id)).id, {
    status: "rejected",
    resolution_data: { note: "no" },
  });
  await settle(rejected.run_id);
  await telling(rejected.run_id, ["approval.pending", "approval.resolved", "run.completed"]);
  const expired = await start(script({ calls: [{ name: "refund", args: {} }] }));
  await telling(expired.run_id, ["approval.pending"]);
  clock.move(5 * 3_600_000);
  await ring(expired.run_id);
  await telling(expired.run_id, ["approval.pending", "approval.expired", "run.completed"]);
  const cancelled = await start(deletion());
  await telling(cancelled.run_id, ["approval.pending"]);
  await ask("POST", `/agents/tester/runs/${cancelled.run_id}/cancel`);
  await telling(cancelled.run_id, ["approval.pending", "approval.cancelled"]);
});

test("what is decided while a channel is at it is told next, and one at a time", async () => {
  const gate = Promise.withResolvers<void>();
  let at = 0;
  let most = 0;
  pager.answer = async () => {
    most = Math.max(most, ++at);
    await scheduler.wait(1);
    at -= 1;
    return { kind: "sent", receipt: null };
  };
  gate.resolve();
  const { run_id } = await start(deletion());
  await approve((await pending(run_id)).id);
  await vi.waitFor(() => expect(typesOf(run_id).at(-1)).toBe("run.completed"));
  expect(most).toBe(1);
  expect(yes.status).toBe("approved");
});

test("a run that ends while nobody listens any more is told to the log, and can be told once more by hand", async () => {
  const { run_id } = await start(deletion());
  await telling(run_id, ["approval.pending"]);
  const { data } = await get<{ data: { id: string; channel: string; attempts: number }[] }>(
    `/deliveries?run_id=${run_id}`,
  );
  expect(data).toMatchObject([
    { channel: "pager", type: "approval.pending", status: "delivered", attempts: 1, error: null },
  ]);
  const answer = await ask("POST", `/deliveries/${data[0]?.id}/redeliver`);
  expect([answer.status, await answer.json()]).toMatchObject([200, { attempts: 2 }]);
  expect(typesOf(run_id)).toEqual(["approval.pending", "approval.pending"]);
  pager.answer = () => {
    throw new KernError("unavailable", "It is down.");
  };
  const failed = await ask("POST", `/deliveries/${data[0]?.id}/redeliver`);
  expect([failed.status, await failed.json()]).toEqual([409, { detail: "It is down." }]);
  expect((await ask("POST", "/deliveries/msg_nothing/redeliver")).status).toBe(404);
});

test("a closed channel is told nothing until it is opened again", async () => {
  expect((await ask("POST", "/channels/pager/close")).status).toBe(204);
  const { run_id } = await start(deletion());
  expect(await get("/channels")).toMatchObject({
    data: expect.arrayContaining([
      expect.objectContaining({ id: "pager", open: false }),
      expect.objectContaining({ id: "hook", open: true }),
    ]) as object,
  });
  expect((await ask("POST", "/channels/pager/open")).status).toBe(204);
  await approve((await pending(run_id)).id);
  await vi.waitFor(() => expect(typesOf(run_id).at(-1)).toBe("run.completed"));
  expect(typesOf(run_id)).not.toContain("approval.pending");
  expect((await ask("POST", "/channels/nothing/close")).status).toBe(404);
});
