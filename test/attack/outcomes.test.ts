import { beforeEach, expect, test } from "vitest";
import { canonicalJson } from "../../src/approval/call-hash.ts";
import { newRunId } from "../../src/run/ids.ts";
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
  settle,
  start,
} from "../client.ts";
import { effects, faults, happening, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

const deletion = { calls: [{ name: "delete_user_data", args: { user_id: "u" } }] };

/** Approves a deletion that has its effect and then takes its instance with it. */
async function interrupted(): Promise<string> {
  const run = await start(script(deletion));
  const work = happening();
  faults.afterEffect = () => {
    work.happens();
    return new Promise(() => undefined);
  };
  await resolve((await pending(run.run_id)).id, { status: "approved" });
  await work.happened();
  healAll();
  await crash(run.run_id);
  await ring(run.run_id);
  await settle(run.run_id);
  return run.run_id;
}

test("a call whose outcome is unknown stays unknown when its run is cancelled: nobody may read that it did not run", async () => {
  const runId = await interrupted();
  await ask("POST", `/agents/tester/runs/${runId}/cancel`);
  expect(effects).toHaveLength(1);
  const outcomes = (await approvalsOf(runId)).map(({ call_outcome }) => call_outcome);
  expect(outcomes[0]).toBe("unknown");
  expect((await read(runId)).tools[0]?.result).toContain("unknown");
});

test.each([
  ["an object without a prototype", () => Object.create(null) as unknown],
  ["an error whose message is no text", () => Object.assign(new Error(), { message: { code: 7 } })],
  ["nothing", () => undefined],
])("a tool that throws %s has failed, and its run goes on", async (_, thrown) => {
  faults.afterEffect = () => {
    throw thrown();
  };
  const run = await start(script(deletion));
  const { id } = await pending(run.run_id);
  await resolve(id, { status: "approved" });
  const reply = await door(run.run_id).wait(2000);
  expect(reply).toMatchObject({ ok: true, run: { status: "COMPLETED" } });
  expect(await approvalsOf(run.run_id)).toMatchObject([{ call_outcome: "failed" }]);
});

test("a yes to one call of the user's is no yes to another, whatever ids the model gives them", async () => {
  const key = `ids-${Date.now()}`;
  const runId = newRunId(canonicalJson(["anonymous", "tester", key]));
  const rename = (user_id: string, id: string) => ({
    name: "rename",
    args: { user_id, name: "N" },
    id,
  });
  const message = script({ calls: [rename("a", `${runId}.1.1`), rename("b", "")] });
  await ask("POST", "/agents/tester/runs", { message, stream: false }, { "idempotency-key": key });
  const run = await read(runId);
  expect(run.tools).toHaveLength(2);
  const tools = [{ tool_call_id: `${runId}.1.1`, confirmed: true }];
  await ask("POST", `/agents/tester/runs/${runId}/continue`, { tools });
  expect(effects.length).toBeLessThan(2);
});

test("the list says of an approval what its object says, also while a retry is asked about", async () => {
  const runId = await interrupted();
  for (const row of await approvalsOf(runId)) {
    const own = await ask("GET", `/approvals/${row.id}`);
    expect(row).toEqual(await own.json());
  }
  await approve((await pending(runId)).id, { action: "retry" });
});

test("what the model writes as a call's id or a tool's name is bounded like everything it writes", async () => {
  const long = "x".repeat(400_000);
  const run = await start(
    script({
      calls: [
        { name: "delete_user_data", args: { user_id: "u" }, id: long },
        { name: `drop_${long}`, args: {} },
      ],
    }),
  );
  const texts = run.tools.flatMap((call) => [call.tool_call_id, call.tool_name]);
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(1000);
});
