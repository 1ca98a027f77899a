import { afterEach, expect, test, vi } from "vitest";
import type { RunEvent } from "../../src/run/events.ts";
import { EventLog } from "../../src/run/event-log.ts";
import { newRunId } from "../../src/run/ids.ts";
import type { RunView } from "../../src/run/view.ts";
import { crash, evict, pending, resolve, settle, start } from "../client.ts";
import { chunk, done, eventStream } from "../models/fake-chat-server.ts";
import { healAll, script } from "../world.ts";
import { http, json, refusal, unique } from "./http.ts";

afterEach(healAll);

const deletion = () =>
  script(
    { text: "Let me see.", calls: [{ name: "delete_user_data", args: { user_id: unique("u") } }] },
    { text: "It is gone." },
  );
const path = (id: string, query = "") => `/agents/tester/runs/${id}/resume${query}`;
const resume = async (id: string, fields: object = {}, query = ""): Promise<Response> =>
  http("POST", path(id, query), json(fields));

/** Reads a stream event by event. */
function reader(answer: Response) {
  const stream = (answer.body ?? new ReadableStream())
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  const next = async (): Promise<RunEvent | null> => {
    for (;;) {
      const block = /^([\s\S]*?)\n\n/.exec(rest);
      if (block !== null) {
        rest = rest.slice(block[0].length);
        const data = /^data: (.*)$/m.exec(block[0])?.[1];
        if (data !== undefined) return JSON.parse(data) as RunEvent;
        continue;
      }
      const { done, value } = await stream.read();
      if (done) return null;
      rest += value;
    }
  };
  return {
    next,
    async until(so: (event: RunEvent) => boolean): Promise<RunEvent[]> {
      const events: RunEvent[] = [];
      for (let event = await next(); event !== null; event = await next()) {
        events.push(event);
        if (so(event)) break;
      }
      return events;
    },
    async all(): Promise<RunEvent[]> {
      return this.until(() => false);
    },
    leave: async () => stream.cancel(),
  };
}
const eventsOf = async (answer: Response): Promise<RunEvent[]> => reader(answer).all();
const names = (events: RunEvent[]) => events.map(({ event }) => event);
const textOf = (events: RunEvent[]) =>
  events.flatMap(({ content, event }) => (event === "RunContent" ? [content] : [])).join("");
const committed = (events: RunEvent[]) =>
  events.filter(({ event_index }) => event_index !== undefined);

async function ended(): Promise<RunView> {
  const run = await start(deletion());
  await resolve((await pending(run.run_id)).id, { status: "approved" });
  return settle(run.run_id);
}

test("a stream is taken up after the last event that was received, as JSON or as a form", async () => {
  const { run_id, session_id } = await ended();
  const all = await eventsOf(await resume(run_id));
  expect(all.map(({ event_index }) => event_index)).toEqual(all.map((_, at) => at));
  expect(names(all)).toEqual(
    "RunStarted RunContent RunContentCompleted RunPaused RunContinued ToolCallStarted ToolCallCompleted RunContent RunContentCompleted RunCompleted".split(
      " ",
    ),
  );
  for (const field of [-1, "-1", null, ""])
    expect(await eventsOf(await resume(run_id, { last_event_index: field }))).toEqual(all);
  for (const last of [0, 3, 8, 9]) {
    const after = all.slice(last + 1);
    expect(await eventsOf(await resume(run_id, { last_event_index: last }))).toEqual(after);
    const form = new FormData();
    form.set("last_event_index", String(last));
    form.set("session_id", session_id);
    expect(await eventsOf(await http("POST", path(run_id), { body: form }))).toEqual(after);
  }
  expect(await eventsOf(await http("POST", path(run_id)))).toEqual(all);
});

test.each([
  { last_event_index: "x" },
  { last_event_index: "1e3" },
  { last_event_index: 1.5 },
  { last_event_index: -2 },
  { last_event_index: [1] },
  { last_event_index: 2 ** 60 },
  [],
])("resume with %j is refused", async (body) => {
  const { run_id } = await start("hello");
  expect(await refusal(resume(run_id, body))).toMatchObject([422, [{ msg: expect.any(String) }]]);
});

test("a stream cannot be taken up after an event that has not happened: what comes would be taken for known", async () => {
  const run = await start(deletion());
  const all = await eventsOf(await resume(run.run_id));
  const last = all.length - 1;
  for (const query of ["", "?follow=true"]) {
    const ahead = resume(run.run_id, { last_event_index: last + 1 }, query);
    expect(await refusal(ahead)).toEqual([
      422,
      `The run has no event ${last + 1} yet. Without last_event_index all of its events are sent.`,
    ]);
  }
  expect(await eventsOf(await resume(run.run_id, { last_event_index: last }))).toEqual([]);
});

test("a word for follow that is neither yes nor no is refused", async () => {
  const { run_id } = await start("hello");
  expect((await resume(run_id, {}, "?follow=perhaps")).status).toBe(422);
});

test("there is nothing to resume where there is no run, or another agent's", async () => {
  const { run_id } = await start("hello");
  expect(await refusal(resume("x"))).toEqual([404, "Run not found"]);
  expect(await refusal(resume(newRunId()))).toEqual([404, "Run not found"]);
  expect(await refusal(http("POST", `/agents/short/runs/${run_id}/resume`))).toEqual([
    404,
    "Run not found",
  ]);
  expect(await refusal(http("POST", `/agents/nobody/runs/${run_id}/resume`))).toEqual([
    404,
    "Agent not found",
  ]);
});

test("who follows stays through the pause, and is told the rest after the decision", async () => {
  const message = deletion();
  const answer = await http("POST", "/agents/tester/runs?follow=true", json({ message }));
  const stream = reader(answer);
  const before = await stream.until(({ event }) => event === "RunPaused");
  const id = before[0]?.run_id ?? "";
  const resumed = reader(
    await resume(id, { last_event_index: before.at(-1)?.event_index }, "?follow=True"),
  );
  expect(
    await eventsOf(await resume(id, { last_event_index: before.at(-1)?.event_index })),
  ).toEqual([]);
  await resolve((await pending(id)).id, { status: "approved" });
  const after = await stream.all();
  expect(names(committed(after))).toEqual(
    expect.arrayContaining([
      "RunContinued",
      "ToolCallStarted",
      "ToolCallCompleted",
      "RunContentCompleted",
      "RunCompleted",
    ]),
  );
  expect(textOf(after)).toBe("It is gone.");
  const others = await resumed.all();
  expect(names(others)[0]).toBe("RunContinued");
  expect(committed(others).at(-1)).toEqual(committed(after).at(-1));
});

test("who follows an answer stays until the run ends, also where the answer was for one call of two", async () => {
  const calls = ["Ada", "Bea"].map((name) => ({ name: "rename", args: { user_id: "u-1", name } }));
  const run = await start(script({ calls }, { text: "Renamed." }));
  const yes = (at: number) =>
    json({ tools: [{ tool_call_id: `call_0_${at}`, confirmed: true }], stream: true });
  const to = `/agents/tester/runs/${run.run_id}/continue`;
  const stream = reader(await http("POST", `${to}?follow=true`, yes(0)));
  const before = await stream.until(({ event }) => event === "RunPaused");
  expect(names(before)).toEqual([
    "RunContinued",
    "ToolCallStarted",
    "ToolCallCompleted",
    "RunPaused",
  ]);
  await http("POST", to, yes(1));
  expect(names(await stream.all()).at(-1)).toBe("RunCompleted");
});

test("a paused run's object is evicted and reset: who follows is told the rest all the same", async () => {
  const run = await start(deletion());
  const stream = reader(await resume(run.run_id, {}, "?follow=true"));
  await stream.until(({ event }) => event === "RunPaused");
  await crash(run.run_id);
  await evict(run.run_id);
  await resolve((await pending(run.run_id)).id, { status: "approved" });
  const after = await stream.all();
  expect(names(committed(after))).toEqual(expect.arrayContaining(["RunContinued", "RunCompleted"]));
  expect(committed(after)[0]?.event_index).toBe(4);
  expect(textOf(after)).toBe("It is gone.");
});

test.each([
  ["goes on as it did", "Hello world!", undefined],
  ["says something else", "Good day!", true],
])(
  "the object is reset in the middle of a step: the model %s, and what was sent is sent once",
  async (_, text, replaces) => {
    let asked = 0;
    const message = script({
      response: () => {
        asked += 1;
        const said = ["Hel", "lo ", "wor"].map((content) => chunk({ content }));
        if (asked === 1) return eventStream(said, "stall");
        return eventStream([chunk({ content: text }), chunk({}, "stop"), done]);
      },
    });
    const stream = reader(await http("POST", "/agents/tester/runs", json({ message })));
    const before: RunEvent[] = [];
    let sent = "";
    before.push(
      ...(await stream.until(({ content, event }) => {
        if (event === "RunContent") sent += String(content);
        return sent === "Hello wor";
      })),
    );
    await crash(before[0]?.run_id ?? "");
    const all = [...before, ...(await stream.all())];
    const whole = all.find(({ event }) => event === "RunContentCompleted");
    expect(whole?.["content"]).toBe(text);
    expect(textOf(all)).toBe(replaces ? `Hello wor${text}` : text);
    expect(all.find((event) => event["replaces"])?.["content"]).toBe(replaces ? text : undefined);
    expect(names(all).at(-1)).toBe("RunCompleted");
  },
);

test("a hundred who follow one run over HTTP are each told everything once", async () => {
  const run = await start(deletion());
  const streams = await Promise.all(
    Array.from({ length: 100 }, async () => reader(await resume(run.run_id, {}, "?follow=true"))),
  );
  const read = Promise.all(streams.map(async (stream) => stream.all()));
  const { id } = await pending(run.run_id);
  await resolve(id, { status: "approved" });
  const all = await read;
  const whole = await eventsOf(await resume(run.run_id));
  for (const events of all) {
    const indices = committed(events).map(({ event_index }) => event_index);
    expect(indices).toEqual([...new Set(indices)].toSorted((a = 0, b = 0) => a - b));
    expect(committed(events).filter(({ event }) => event !== "RunContent")).toEqual(
      whole.filter(({ event }) => event !== "RunContent"),
    );
    expect(textOf(events)).toBe("Let me see.It is gone.");
  }
});

test("a client who does not read makes nothing grow, holds nobody up, and is told everything once it reads", async () => {
  const steps = Array.from({ length: 15 }, (_, n) => ({
    text: `${n}`.padEnd(100_000, "x"),
    calls: [{ name: "look_up", args: { user_id: `u-${n}` } }],
  }));
  const begun = await http(
    "POST",
    "/agents/tester/runs",
    json({ message: script(...steps, { text: "Done." }), background: true }),
  );
  const { run_id } = await begun.json<{ run_id: string }>();
  const rowAt = vi.spyOn(EventLog.prototype, "rowAt");
  const answer = await resume(run_id);
  expect(await settle(run_id)).toMatchObject({ status: "COMPLETED" });
  const rows = rowAt.mock.results.map(({ value }) => value as ReturnType<EventLog["rowAt"]>);
  rowAt.mockRestore();
  const pulled = rows
    .flatMap((row) => row?.lines ?? [])
    .reduce((sum, line) => sum + line.length, 0);
  const events = await eventsOf(answer);
  expect(pulled).toBeLessThan(1024 * 1024);
  expect(textOf(events)).toBe(`${steps.map(({ text }) => text).join("")}Done.`);
  const indices = committed(events).map(({ event_index }) => event_index);
  expect(indices).toEqual([...new Set(indices)].toSorted((a = 0, b = 0) => a - b));
  expect(names(events).at(-1)).toBe("RunCompleted");
}, 60_000);
