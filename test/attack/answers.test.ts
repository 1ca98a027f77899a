import { expect, test } from "vitest";
import { http, json } from "../os/http.ts";
import { messageVersion } from "../../src/run/messages.ts";
import { approve, door, pending, read, start } from "../client.ts";
import { script } from "../world.ts";

test("results that are too large together are refused, and the run waits as before", async () => {
  const calls = Array.from({ length: 8 }, (_, n) => ({
    name: "ask_lab",
    args: { sample: String(n) },
  }));
  const run = await start(script({ calls }));
  // A quote takes two bytes in the request, and four in a text within a text.
  const result = { text: '"'.repeat(64_000) };
  const tools = run.tools.map(({ tool_call_id }) => ({ tool_call_id, result }));
  const path = `/agents/tester/runs/${run.run_id}/continue`;
  const answer = await http("POST", path, json({ tools, stream: false }));
  expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("bytes")]);
  expect(await read(run.run_id)).toEqual(run);
});

test("a decision that is too large to be stored is refused, and can still be taken", async () => {
  const calls = [{ name: "delete_user_data", args: { user_id: "u" } }];
  const run = await start(script({ calls }));
  const { id: approvalId } = await pending(run.run_id);
  const decision = { status: "rejected", data: { note: "n".repeat(1_000_000) } } as const;
  const decider = { principal: "root", shared: true, claim: null };
  const reply = door(run.run_id).resolve({ v: messageVersion, approvalId, decision, decider });
  expect(await reply).toMatchObject({ reason: "invalid", message: expect.stringMatching("bytes") });
  expect(await read(run.run_id)).toEqual(run);
  expect(await approve(approvalId)).toMatchObject({ status: "COMPLETED" });
});
