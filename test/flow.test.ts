import { beforeEach, expect, test } from "vitest";
import { approve, approvalsOf, ask, evict, get, pending, read, settle, start } from "./client.ts";
import { unique } from "./os/http.ts";
import { effects, healAll, script } from "./world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

const deletion = (user_id: string) => ({
  calls: [{ name: "delete_user_data", args: { user_id } }],
});

test("a gated call waits for its approval through an eviction, then runs once, and the run completes by itself", async () => {
  const user_id = unique("mia");
  const run = await start(script(deletion("u-42"), { text: "It is gone." }), { user_id });
  expect(run.status).toBe("PAUSED");
  expect(effects).toEqual([]);

  const approval = await pending(run.run_id);
  expect(approval).toMatchObject({
    tool_name: "delete_user_data",
    tool_args: { user_id: "u-42" },
    user_id,
    run_status: "PAUSED",
  });
  expect(await get(`/approvals/count?user_id=${user_id}`)).toEqual({ count: 1 });

  await evict(run.run_id);
  const after = await approve(approval.id);
  expect(after).toMatchObject({ status: "COMPLETED", content: "It is gone." });
  expect(effects).toMatchObject([
    { tool: "delete_user_data", args: { user_id: "u-42" }, approvalId: approval.id },
  ]);
  expect(await get(`/approvals/${approval.id}`)).toMatchObject({
    status: "approved",
    resolved_by: "ann",
    call_outcome: "succeeded",
  });
});

test("a rejected call is not executed, and the model is told why", async () => {
  const run = await start(script(deletion("u-43"), { text: "I see." }));
  const approval = await pending(run.run_id);
  const response = await ask("POST", `/approvals/${approval.id}/resolve`, {
    status: "rejected",
    resolution_data: { note: "wrong user" },
  });
  expect(response.status).toBe(200);
  const after = await settle(run.run_id);
  expect(after.status).toBe("COMPLETED");
  expect(after.messages.find(({ role }) => role === "tool")?.content).toBe(
    "Function call was rejected by the user: wrong user",
  );
  expect(effects).toEqual([]);
});

test("the same flow over HTTP streams the documented events and ends with the pause", async () => {
  const response = await ask("POST", "/agents/tester/runs", {
    message: script({ text: "Let me see. ", ...deletion("u-44") }),
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const names = [...(await response.text()).matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
  expect(names[0]).toBe("RunStarted");
  expect(names.at(-1)).toBe("RunPaused");
  expect(names).toContain("RunContent");
});

test("three gated calls of one turn have three records, each decided by itself", async () => {
  const calls = ["a", "b", "c"].map((user_id) => ({ name: "delete_user_data", args: { user_id } }));
  const run = await start(script({ calls }, { text: "Done with them." }));
  const [a, b, c] = await approvalsOf(run.run_id);
  expect(await approve(b?.id ?? "")).toMatchObject({ status: "PAUSED" });
  await ask("POST", `/approvals/${a?.id}/resolve`, { status: "rejected" });
  expect((await read(run.run_id)).status).toBe("PAUSED");
  expect(await approve(c?.id ?? "")).toMatchObject({
    status: "COMPLETED",
    content: "Done with them.",
  });
  expect(effects.map(({ args }) => args["user_id"])).toEqual(["b", "c"]);
});
