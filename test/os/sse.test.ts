import { expect, test, vi } from "vitest";
import { eventStream } from "../../src/os/sse.ts";
import { crash } from "../client.ts";
import { effects, faults, happening, healAll, script } from "../world.ts";
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
/** What the run's object says when there is nothing more to come. */
const end = "\n";
const quick = { retryMs: 0 };
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
    const answer = eventStream(async () => pieces(lines(sent) + end, size));
    expect(await answer.text()).toBe(`event: RunCompleted\ndata: ${JSON.stringify(sent)}\n\n`);
  }
});

test("a stream that breaks is taken up at the next event, and none comes twice", async () => {
  const asked: number[] = [];
  const answer = eventStream(async (from) => {
    asked.push(from);
    if (from === 0) return broken(lines(event(0), event(1)));
    if (asked.length === 2) throw new Error("The object is not back yet.");
    return pieces(lines(event(2), event(3, "RunPaused")) + end);
  }, quick);
  expect(indices(await answer.text())).toEqual([0, 1, 2, 3]);
  expect(asked).toEqual([0, 2, 2]);
});

test("a stream ends where the run's object says that there is no more, and not where it breaks off", async () => {
  let asked = 0;
  const ended = eventStream(async () => {
    asked += 1;
    return pieces(asked === 1 ? lines(event(0, "RunPaused")) : lines(event(1, "RunError")) + end);
  }, quick);
  expect(indices(await ended.text())).toEqual([0, 1]);
  expect(asked).toBe(2);
});

test.each([
  ["that is not there", async () => null],
  ["that cannot be reached", async () => Promise.reject(new Error("The object is overloaded."))],
])("the stream of a run %s is broken off, so that nobody takes it for the end", async (_, open) => {
  let asked = 0;
  const answer = eventStream(
    async () => {
      asked += 1;
      return open();
    },
    { from: 4, retryMs: 0 },
  );
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe(": out of reach, go on after event 3\n\n");
  await expect(reader?.read()).rejects.toThrow("out of reach");
  expect(asked).toBe(10);
});

test("events that are open already are sent first, and asked for only where they break off", async () => {
  const asked: number[] = [];
  const open = async (from: number) => {
    asked.push(from);
    return pieces(lines(event(from, "RunError")) + end);
  };
  const answer = eventStream(open, { from: 3, retryMs: 0, opened: broken(lines(event(3))) });
  expect(indices(await answer.text())).toEqual([3, 4]);
  expect(asked).toEqual([4]);
});

test("a stream that breaks often is taken up as long as it gets on", async () => {
  const answer = eventStream(async (from) => {
    return from < 50 ? broken(lines(event(from))) : pieces(lines(event(from, "RunError")) + end);
  }, quick);
  expect(indices(await answer.text())).toEqual(Array.from({ length: 51 }, (_, i) => i));
});

test("signs of life are sent while nothing happens, and never pile up before a reader who does not read", async () => {
  const hold = Promise.withResolvers<null>();
  const answer = eventStream(async () => hold.promise, { heartbeatMs: 1 });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let i = 0; i < 3; i++) expect((await reader?.read())?.value).toBe(": keep-alive\n\n");
  await reader?.cancel();

  const write = vi.spyOn(WritableStreamDefaultWriter.prototype, "write");
  const unread = eventStream(async () => hold.promise, { heartbeatMs: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const written = write.mock.calls.length;
  write.mockRestore();
  expect(written).toBeLessThanOrEqual(1);
  await unread.body?.cancel();
});

test("a reader who leaves while nothing happens is let go at once", async () => {
  const opened = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const quiet = new ReadableStream<Uint8Array>({
    start: () => opened.resolve(),
    pull: () => new Promise(() => undefined),
    cancel: () => left.resolve(),
  });
  const answer = eventStream(async () => quiet);
  await opened.promise;
  await answer.body?.cancel();
  await expect(left.promise).resolves.toBeUndefined();
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
  const work = happening();
  faults.afterEffect = () => {
    healAll();
    work.happens();
    return new Promise(() => undefined);
  };
  const calls = [{ name: "look_up", args: { user_id: "u-1" } }];
  const message = script({ calls }, { text: "Known." });
  const answer = await http("POST", "/agents/tester/runs", json({ message }));
  const text = answer.text();
  await work.happened();
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
