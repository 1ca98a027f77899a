import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KernError } from "../../src/errors.ts";
import { approve, ask, get, pending, ring, start } from "../client.ts";
import { pager, turnOn } from "../channels/channels.ts";
import { readIn, refused, resetSlack, slackServer } from "../channels/fake-slack.ts";
import { buttonsOf, messageAbout } from "../channels/slack-user.ts";
import { clock, script } from "../world.ts";

const deletion = (...userIds: string[]) =>
  script(
    { calls: userIds.map((user_id) => ({ name: "delete_user_data", args: { user_id } })) },
    { text: "Gone." },
  );
const typesOf = (runId: string) =>
  pager.told.flatMap(({ notice }) => (notice.run.run_id === runId ? [notice.type] : []));
const hours = async (runId: string, count: number) => {
  for (let hour = 0; hour < count; hour++) {
    clock.move(3_600_000);
    await ring(runId);
  }
};

beforeEach(() => {
  pager.told.length = 0;
  resetSlack();
});
afterEach(() => {
  turnOn();
  pager.answer = undefined;
});

test("a message that a channel never takes keeps others of its run waiting for a while, and not for good", async () => {
  turnOn("pager");
  pager.answer = ({ type }) => {
    if (type === "approval.resolved") throw new KernError("unavailable", "It answered 400.");
    return { kind: "sent", receipt: null };
  };
  const { run_id } = await start(deletion("u-1"));
  await approve((await pending(run_id)).id);
  await vi.waitFor(() => expect(typesOf(run_id)).toEqual(["approval.pending"]));
  await hours(run_id, 3);
  await vi.waitFor(() =>
    expect(typesOf(run_id)).toEqual(["approval.pending", "approval.executed", "run.completed"]),
  );
  await hours(run_id, 3);
  expect(typesOf(run_id)).toHaveLength(3);
});

test("an approval that a channel cannot be told of does not keep it from hearing of another of the same run", async () => {
  turnOn("pager");
  pager.answer = ({ approval }) => {
    if (approval?.tool_args["user_id"] === "u-1") throw new KernError("unavailable", "Too odd.");
    return { kind: "sent", receipt: null };
  };
  const { run_id } = await start(deletion("u-1", "u-2"));
  await hours(run_id, 3);
  await vi.waitFor(() => expect(typesOf(run_id)).toEqual(["approval.pending"]));
});

test("a channel that says when it is to be asked again is left in peace until then", async () => {
  turnOn("pager");
  const asked: string[] = [];
  pager.answer = ({ id }) => {
    asked.push(id);
    throw new KernError("unavailable", "Too many.", { retryAfterMs: 1000 });
  };
  const { run_id } = await start(deletion("u-1", "u-2"));
  await hours(run_id, 3);
  expect(new Set(asked).size).toBe(1);
});

test("what is sent once more to a channel that is closed, or closes then, was not received", async () => {
  turnOn("pager");
  const { run_id } = await start(deletion("u-1"));
  await vi.waitFor(() => expect(typesOf(run_id)).toEqual(["approval.pending"]));
  const { data } = await get<{ data: { id: string }[] }>(`/deliveries?run_id=${run_id}`);
  const redeliver = async () => {
    const answer = await ask("POST", `/deliveries/${data[0]?.id}/redeliver`);
    return [answer.status, await answer.json()];
  };
  try {
    pager.answer = () => ({ kind: "gone", reason: "It answered 410." });
    expect(await redeliver()).toEqual([409, { detail: "It answered 410." }]);
    pager.answer = undefined;
    expect(await redeliver()).toEqual([409, { detail: "It answered 410." }]);
    expect(typesOf(run_id)).toHaveLength(2);
  } finally {
    await ask("POST", "/channels/pager/open");
  }
  expect(await redeliver()).toMatchObject([200, { status: "delivered" }]);
});

test("a message that was deleted in Slack and is sent once more follows its approval, as the one before did", async () => {
  turnOn("slack");
  const { run_id } = await start(
    script({ calls: [{ name: "pay_by_finance", args: { amount: 12 } }] }),
  );
  const { id } = await pending(run_id);
  await vi.waitFor(() => expect(messageAbout(id)).toBeDefined());
  clock.move(11 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(slackServer.posted).toHaveLength(2));
  const { data } = await get<{ data: { id: string; type: string }[] }>(
    `/deliveries?run_id=${run_id}`,
  );
  const first = data.find(({ type }) => type === "approval.pending");
  slackServer.posted.length = 0;
  slackServer.answer = (method) =>
    method === "chat.update" ? refused("message_not_found") : undefined;
  expect((await ask("POST", `/deliveries/${first?.id}/redeliver`)).status).toBe(200);
  slackServer.answer = undefined;
  const message = messageAbout(id);
  expect(message && buttonsOf(message)).toHaveLength(3);
  clock.move(3_600_000);
  await ring(run_id);
  await vi.waitFor(() =>
    expect(readIn(messageAbout(id)?.blocks ?? [])).toContain("pay_by_finance: expired"),
  );
});

test("a channel that never answers and heeds no signal is given up for this time, and told again later", async () => {
  turnOn("pager");
  const platforms = globalThis.setTimeout;
  const hurried = vi
    .spyOn(globalThis, "setTimeout")
    .mockImplementation(((run: () => void, ms = 0) =>
      platforms(run, ms === 15_000 || ms === 25_000 ? 1 : ms)) as never);
  try {
    let attempts = 0;
    pager.answer = async () => {
      attempts += 1;
      return new Promise(() => {});
    };
    const { run_id } = await start(deletion("u-1"));
    await vi.waitFor(() => expect(attempts).toBe(1));
    await vi.waitFor(async () => {
      clock.move(60_000);
      await ring(run_id);
      expect(attempts).toBeGreaterThan(1);
    });
    pager.answer = undefined;
    await vi.waitFor(async () => {
      clock.move(600_000);
      await ring(run_id);
      expect(typesOf(run_id)).toEqual(["approval.pending"]);
    });
  } finally {
    hurried.mockRestore();
  }
});
