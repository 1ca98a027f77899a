import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import {
  approvalsOf,
  approve,
  ask,
  crash,
  door,
  pending,
  read,
  resolve,
  ring,
  start,
  stub,
} from "../client.ts";
import { query } from "../database.ts";
import { clock, effects, faults, happening, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

const deletion = { calls: [{ name: "delete_user_data", args: { user_id: "u" } }] };

/** Rewrites the journal, as if an earlier release had written it, and takes the instance away. */
async function rewrite(runId: string, from: string, to: string): Promise<void> {
  await runInDurableObject(
    stub(runId),
    (_, state) =>
      void state.storage.sql.exec("UPDATE journal SET entries = replace(entries, ?, ?)", from, to),
  );
  await crash(runId);
}

test("a tool that has changed while its user was asked runs once the user has said yes to what it is now", async () => {
  const run = await start(
    script({ calls: [{ name: "rename", args: { user_id: "u", name: "New" } }] }),
  );
  const version = await runInDurableObject(stub(run.run_id), (_, state) => {
    const rows = state.storage.sql.exec<{ entries: string }>("SELECT entries FROM journal");
    const text = rows.toArray().map(({ entries }) => entries);
    return /"toolVersion":"(\w+)"/.exec(text.join(""))?.[1] ?? "";
  });
  await rewrite(run.run_id, version, "0".repeat(version.length));
  for (let i = 0; i < 3; i++) {
    const { requirements } = await read(run.run_id);
    const tool_call_id = requirements[0]?.tool_execution.tool_call_id;
    if (tool_call_id === undefined) break;
    await ask("POST", `/agents/tester/runs/${run.run_id}/continue`, {
      tools: [{ tool_call_id, confirmed: true }],
    });
  }
  expect(await read(run.run_id)).toMatchObject({ status: "COMPLETED" });
  expect(effects).toHaveLength(1);
});

test("a run whose agent is gone while the model is to be asked again does not ring without a pause", async () => {
  const run = await ask("POST", "/agents/tester/runs", {
    message: script({ response: () => new Response("overloaded", { status: 503 }) }),
    background: true,
  });
  const { run_id } = await run.json<{ run_id: string }>();
  for (let i = 0; i < 500; i++) {
    const reply = await door(run_id).inspect();
    if (reply.ok && reply.inspection.error !== null) break;
    await scheduler.wait(2);
  }
  await rewrite(run_id, '"agentId":"tester"', '"agentId":"removed"');
  clock.move(60_000);
  let rang = 0;
  await runInDurableObject(stub(run_id), (instance) => {
    const object = instance as unknown as { alarm(): Promise<void> };
    const alarm = object.alarm.bind(object);
    object.alarm = async () => {
      rang += 1;
      await alarm();
    };
  });
  await ring(run_id);
  await scheduler.wait(1000);
  clock.move(-60_000);
  expect(rang).toBeLessThan(5);
});

test("a delivery to the database that never ends does not keep later ones from it", async () => {
  const run = await start(script(deletion));
  const { id } = await pending(run.run_id);
  let hung = false;
  faults.beforeProject = async () => {
    if (hung) return;
    hung = true;
    await new Promise(() => undefined);
  };
  expect(await resolve(id, { status: "approved" })).toMatchObject({ status: 200 });
  clock.move(10 * 60_000);
  try {
    for (let i = 0; i < 2; i++) await door(run.run_id).poke(false);
    expect((await approvalsOf(run.run_id))[0]).toMatchObject({ status: "approved" });
  } finally {
    clock.move(-10 * 60_000);
  }
}, 30_000);

test("a delivery that failed is repeated in time, although the alarm drives a tool that takes long", async () => {
  let working = 0;
  let released = false;
  faults.afterEffect = async (tool) => {
    if (tool !== "look_up") return;
    working += 1;
    while (!released) await scheduler.wait(5);
  };
  const look = { name: "look_up", args: { user_id: "u" } };
  const begun = await ask("POST", "/agents/tester/runs", {
    message: script({ calls: [look, ...deletion.calls] }),
    background: true,
  });
  const { run_id } = await begun.json<{ run_id: string }>();
  while (working === 0) await scheduler.wait(2);
  while ((await approvalsOf(run_id)).length === 0) await scheduler.wait(2);
  const { id } = await pending(run_id);
  await runInDurableObject(stub(run_id), (_, state) => void state.storage.setAlarm(Date.now()));
  await crash(run_id);
  // The alarm itself takes the interrupted tool up, before any request does.
  while (working === 1) await scheduler.wait(2);
  faults.beforeProject = () => {
    throw new Error("D1 is down");
  };
  expect(await resolve(id, { status: "approved" })).toMatchObject({ status: 200 });
  faults.beforeProject = undefined;
  await scheduler.wait(4000);
  const status = (await approvalsOf(run_id))[0]?.status;
  released = true;
  expect(status).toBe("approved");
}, 30_000);

test("told to tell the database everything once more, a run does, although it is at it already", async () => {
  const run = await start(script(deletion));
  const { id } = await pending(run.run_id);
  await approve(id);
  let released = false;
  const telling = happening();
  faults.afterProject = async () => {
    faults.afterProject = undefined;
    telling.happens();
    while (!released) await scheduler.wait(2);
  };
  const first = door(run.run_id).poke(true);
  await telling.happened();
  await query("DELETE FROM approvals WHERE id = ?", id);
  const second = door(run.run_id).poke(true);
  await scheduler.wait(20);
  released = true;
  await Promise.all([first, second]);
  expect(await approvalsOf(run.run_id)).toHaveLength(1);
});
