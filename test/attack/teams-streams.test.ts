import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ask, door } from "../client.ts";
import { handing, lead } from "../team.ts";
import { effects, healAll } from "../world.ts";
import { begin, hold, look, rename } from "./teams.ts";
import { eventStream } from "../../src/os/sse.ts";
import { within } from "../../src/run/deadline.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("a resumed stream tells a member from its start where that start is news", async () => {
  const release = hold();
  const run_id = await begin({ calls: [handing("clerk", look)] });
  await vi.waitFor(async () => expect((await door(run_id).membersAtWork())[0]?.from).toBe(2), 5000);
  const response = await ask("POST", `/teams/crew/runs/${run_id}/resume`, { last_event_index: 0 });
  release();
  const names = [...(await response.text()).matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
  expect(names).toContain("RunStarted");
});

test("what a member says of itself comes before what its team makes of it, also where it had paused before", async () => {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const of = (run_id: string, event: string, index: number, more: object = {}): string =>
    `${JSON.stringify({ event, run_id, created_at: 1, session_id: "s", event_index: index, ...more })}\n`;
  const child = { tool: { child_run_id: "m" } };
  const streamed = (now: string[], later: string[]): ReadableStream<Uint8Array> => {
    let given = false;
    return new ReadableStream({
      async pull(controller) {
        if (given) await promise;
        const text = given ? later.join("") : now.join("");
        controller.enqueue(new TextEncoder().encode(text));
        if (given) controller.close();
        given = true;
      },
    });
  };
  const member = [of("m", "RunStarted", 0), of("m", "RunPaused", 1)];
  const rest = [of("m", "RunContinued", 2), of("m", "RunCompleted", 3)];
  const answer = eventStream(
    async () =>
      streamed(
        [
          of("t", "TeamToolCallStarted", 0, child),
          of("t", "TeamRunPaused", 1),
          of("t", "TeamRunContinued", 2),
          of("t", "TeamToolCallCompleted", 3, child),
          of("t", "TeamRunCompleted", 4),
          "\n",
        ],
        [],
      ),
    { team: { open: () => async () => streamed(member, [...rest, "\n"]), atWork: [] }, retryMs: 0 },
  );
  setTimeout(release, 50);
  const names = [...(await answer.text()).matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
  expect(names.slice(-4)).toEqual([
    "RunContinued",
    "RunCompleted",
    "TeamToolCallCompleted",
    "TeamRunCompleted",
  ]);
});

test("a stream that answers one member does not wait for another that rests", async () => {
  const run = await lead({
    calls: [handing("clerk", { calls: [rename("a")] }), handing("clerk", { calls: [rename("b")] })],
  });
  const [wait] = run.requirements;
  const response = await ask("POST", `/teams/crew/runs/${run.run_id}/continue`, {
    stream: true,
    requirements: [{ ...wait, confirmation: true }],
  });
  const text = await within(1_500, response.text());
  const names = [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
  expect(names.indexOf("RunCompleted")).toBeLessThan(names.indexOf("TeamToolCallCompleted"));
  expect(names.at(-1)).toBe("TeamRunPaused");
});
