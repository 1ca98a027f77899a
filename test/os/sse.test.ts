import { expect, test } from "vitest";
import { eventStream } from "../../src/os/sse.ts";
import { crash } from "../client.ts";
import { effects, faults, healAll, script } from "../world.ts";
import { http, json, pieces } from "./http.ts";

const event = (index: number, name = "RunContent") => ({
  event: name,
  created_at: 1,
  agent_id: "a",
  agent_name: "A",
  run_id: "r",
  session_id: "s",
  event_index: index,
  content: "é\n\ndata: x",
});
const lines = (...events: object[]) => events.map((one) => `${JSON.stringify(one)}\n`).join("");
const indices = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data).event_index);

/** A stream that gives this text and then breaks, as when the object behind it is reset. */
function broken(text: string): ReadableStream<Uint8Array> {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (given) return controller.error(new Error("The object was reset."));
      given = true;
      controller.enqueue(new TextEncoder().encode(text));
    },
  });
}

test("an event is one name and one line of data, however its bytes arrive", async () => {
  const sent = event(0, "RunCompleted");
  for (const size of [1, 7, 10_000]) {
    const answer = eventStream(async () => pieces(lines(sent), size));
    expect(await answer.text()).toBe(`event: RunCompleted\ndata: ${JSON.stringify(sent)}\n\n`);
  }
});

test("a stream that breaks is taken up at the next event, and none comes twice", async () => {
  const asked: number[] = [];
  const answer = eventStream(async (from) => {
    asked.push(from);
    if (from === 0) return broken(lines(event(0), event(1)));
    if (asked.length === 2) throw new Error("The object is not back yet.");
    return pieces(lines(event(2), event(3, "RunPaused")));
  });
  expect(indices(await answer.text())).toEqual([0, 1, 2, 3]);
  expect(asked).toEqual([0, 2, 2]);
});

test("a stream ends with the event that ends it, and where there is no run at once", async () => {
  let asked = 0;
  const ended = eventStream(async () => {
    asked += 1;
    return pieces(lines(event(0, "RunError")));
  });
  expect(indices(await ended.text())).toEqual([0]);
  expect(asked).toBe(1);
  expect(await eventStream(async () => null).text()).toBe("");
});

test("a reader who leaves stops the reading behind the stream", async () => {
  const left = Promise.withResolvers<void>();
  let next = 0;
  const answer = eventStream(
    async () =>
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          controller.enqueue(new TextEncoder().encode(lines(event(next++))));
        },
        cancel: () => left.resolve(),
      }),
  );
  const reader = answer.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await expect(left.promise).resolves.toBeUndefined();
});

test("a stream outlives the run's object: what comes after the crash follows what came before", async () => {
  const atWork = Promise.withResolvers<void>();
  faults.afterEffect = () => {
    healAll();
    atWork.resolve();
    return new Promise(() => undefined);
  };
  const calls = [{ name: "look_up", args: { user_id: "u-1" } }];
  const message = script({ calls }, { text: "Known." });
  const answer = await http("POST", "/agents/tester/runs", json({ message }));
  const text = answer.text();
  await atWork.promise;
  await crash(effects.at(-1)?.runId ?? "");
  const sent = [...(await text).matchAll(/^data: (.*)$/gm)].map(([, data = ""]) =>
    JSON.parse(data),
  );
  const committed = sent.filter(({ event_index }) => event_index !== undefined);
  const counted = committed.map(({ event_index }) => event_index);
  expect(counted).toEqual([...new Set(counted)].toSorted((a, b) => a - b));
  const pieces = sent.filter(({ event }) => event === "RunContent").map(({ content }) => content);
  expect(pieces.join("")).toBe("Known.");
  const names = ["RunStarted", "ToolCallStarted", "ToolCallCompleted", "RunContentCompleted"];
  expect(committed.map(({ event }) => event)).toEqual(
    expect.arrayContaining([...names, "RunCompleted"]),
  );
  expect(sent.at(-1)).toMatchObject({ event: "RunCompleted", content: "Known." });
});
