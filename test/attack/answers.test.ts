import { expect, test } from "vitest";
import { http, json } from "../os/http.ts";
import { read, start } from "../client.ts";
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
