import { expect, test, vi } from "vitest";
import { type RunEvent, textEvent } from "../../src/run/events.ts";
import { Listeners } from "../../src/run/listeners.ts";
import type { Simulation } from "./simulation/simulation.ts";
import { call, decide, runThatAsks } from "./simulation/stage.ts";
import { agentAfter } from "./simulation/toolbox.ts";

const tools = agentAfter("as it was")?.tools ?? new Map();
const bye = { content: "Bye.", toolCalls: [], usage: null };

function listening(simulation: Simulation) {
  const rows = vi.fn((afterSeq: number) => simulation.rows.filter(({ seq }) => seq > afterSeq));
  const listeners = new Listeners(rows, () => tools);
  const tell = (): void => listeners.tell(simulation.state.seq);
  tell();
  return { listeners, rows, tell };
}

/** Everything that a stream still says; "end" where it ends as it should. */
async function rest(stream: ReadableStream<Uint8Array> | null): Promise<(RunEvent | "end")[]> {
  const text = await new Response(stream).text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => (line === "" ? "end" : (JSON.parse(line) as RunEvent)));
}
const names = (events: (RunEvent | "end")[]) =>
  events.map((event) => (event === "end" ? event : event.event));
const indices = (events: (RunEvent | "end")[]) =>
  events.flatMap((event) => (event === "end" ? [] : [event.event_index]));

/** A reader of one chunk at a time; gives the first event of it. */
function hand(stream: ReadableStream<Uint8Array> | null) {
  if (stream === null) throw new Error("There is no such place in the journal.");
  const reader = stream.getReader();
  const one = async (): Promise<RunEvent> => {
    const text = new TextDecoder().decode((await reader.read()).value);
    return JSON.parse(text.slice(0, text.indexOf("\n"))) as RunEvent;
  };
  return { one, cancel: async () => reader.cancel() };
}

const first = ["RunStarted", "RunContent", "RunContentCompleted", "RunPaused"];
const then = [
  "RunContinued",
  "ToolCallStarted",
  "ToolCallCompleted",
  "RunContent",
  "RunContentCompleted",
  "RunCompleted",
];

function finish(simulation: Simulation, tell: () => void): void {
  decide(simulation, "approved");
  tell();
  simulation.report(call(simulation).id, "succeeded");
  tell();
  simulation.reply(bye);
  tell();
}

test("a stream ends with the pause, and for those who stay with the run", async () => {
  const simulation = runThatAsks(["pay_once"]);
  const { listeners, tell } = listening(simulation);
  const leaves = rest(listeners.open(0, false));
  const stays = rest(listeners.open(0, true));
  expect(names(await leaves)).toEqual([...first, "end"]);
  finish(simulation, tell);
  expect(names(await stays)).toEqual([...first, ...then, "end"]);
  expect(listeners.size).toBe(0);
});

test("a stream that is read again goes past the pauses that are over", async () => {
  const simulation = runThatAsks(["pay_once"]);
  const { listeners, tell } = listening(simulation);
  finish(simulation, tell);
  for (const stays of [true, false]) {
    const all = await rest(listeners.open(0, stays));
    expect(names(all)).toEqual([...first, ...then, "end"]);
    expect(indices(all)).toEqual(all.slice(0, -1).map((_, at) => at));
    for (const from of [1, 3, 4, 9])
      expect(await rest(listeners.open(from, stays))).toEqual(all.slice(from));
    expect(names(await rest(listeners.open(10, stays)))).toEqual(["end"]);
  }
});

test("there is no stream after an event that has not happened, until it has", async () => {
  const simulation = runThatAsks(["pay_once"]);
  const { listeners, rows, tell } = listening(simulation);
  const next = first.length;
  for (const from of [next + 1, 1_000_000]) expect(listeners.open(from, true)).toBeNull();
  expect(listeners.size).toBe(0);
  // Nothing that was read for them is kept.
  expect(rows).toHaveBeenCalledTimes(2);
  const stream = rest(listeners.open(next, true));
  finish(simulation, tell);
  expect(names(await stream)).toEqual([...then, "end"]);
  expect(names(await rest(listeners.open(next + 1, true)))).toEqual([...then.slice(1), "end"]);
});

test("a pause in which something happened ends a stream with what the run still waits for", async () => {
  const simulation = runThatAsks(["pay_once"], ["pay_once", { n: 2 }]);
  decide(simulation, "rejected", null, 0);
  const { listeners } = listening(simulation);
  const events = await rest(listeners.open(0, false));
  expect(names(events)).toEqual([...first, "ToolCallError", "RunPaused", "end"]);
  const last = events.at(-2) as RunEvent;
  expect(last).not.toHaveProperty("event_index");
  expect(last["requirements"]).toHaveLength(1);
});

test("what a tool reports after the end is in no stream", async () => {
  const simulation = runThatAsks(["look_once"]);
  const at = call(simulation).id;
  simulation.cancel();
  simulation.report(at, "succeeded");
  const { listeners } = listening(simulation);
  const events = await rest(listeners.open(0, true));
  expect(names(events).slice(-2)).toEqual(["RunCancelled", "end"]);
});

test("a thousand readers are told everything once, from one reading of the journal", async () => {
  const simulation = runThatAsks(["pay_once"]);
  const { listeners, rows, tell } = listening(simulation);
  const encoded = vi.spyOn(JSON, "stringify");
  const streams = Array.from({ length: 1000 }, () => rest(listeners.open(0, true)));
  await Promise.resolve();
  finish(simulation, tell);
  const all = await Promise.all(streams);
  const events = encoded.mock.calls.length;
  encoded.mockRestore();
  expect(
    all.every((one) => one.length === 11 && indices(one).every((index, at) => index === at)),
  ).toBe(true);
  expect(events).toBeLessThan(100);
  expect(rows.mock.calls.length).toBeLessThan(10);
});

test("pieces of text reach those who keep up one by one, and those who do not as one", async () => {
  const simulation = runThatAsks(["look_once"]);
  simulation.report(call(simulation).id, "succeeded");
  const { listeners, tell } = listening(simulation);
  const seen = simulation.events.flat().length;
  const [quick, slow] = [hand(listeners.open(seen, false)), hand(listeners.open(seen, false))];
  const step = { step: 2, attempt: 1 };
  const say = (text: string): void =>
    listeners.text(textEvent(simulation.state, simulation.nowMs, text), step);
  const read: unknown[] = [];
  for (const text of ["B", "y", "e"]) {
    say(text);
    const { content, offset } = await quick.one();
    read.push([content, offset]);
  }
  expect(read).toEqual([
    ["B", 0],
    ["y", 1],
    ["e", 2],
  ]);
  expect(await slow.one()).toMatchObject({ content: "Bye", offset: 0 });
  const late = hand(listeners.open(seen, false));
  say(".");
  expect(await late.one()).toMatchObject({ content: ".", offset: 3 });
  simulation.reply(bye);
  tell();
  say("too late");
  for (const reader of [quick, slow, late]) {
    expect(await reader.one()).toMatchObject({ content: "Bye.", event_index: seen });
  }
});

test("a reader who leaves is forgotten at once, also while nothing happens", async () => {
  const { listeners } = listening(runThatAsks(["pay_once"]));
  const [here, gone] = [hand(listeners.open(3, true)), hand(listeners.open(4, true))];
  expect(await here.one()).toMatchObject({ event: "RunPaused" });
  const waiting = gone.one().catch(() => "nothing");
  await gone.cancel();
  expect(listeners.size).toBe(1);
  await here.cancel();
  expect(listeners.size).toBe(0);
  expect(await waiting).toBe("nothing");
});

test("a reader who does not read costs a place in the journal, and is told everything once it reads", async () => {
  const simulation = runThatAsks(["look_once"]);
  for (let i = 0; i < 40; i++) {
    simulation.report(call(simulation).id, "succeeded");
    const again = { id: null, name: "look_once", arguments: JSON.stringify({ n: i }) };
    simulation.reply({ content: "x".repeat(100_000), toolCalls: [again], usage: null });
  }
  const { listeners, rows, tell } = listening(simulation);
  const stream = listeners.open(0, false);
  await Promise.resolve();
  expect(rows.mock.calls.length).toBeLessThanOrEqual(1);
  simulation.cancel();
  tell();
  const quick = await rest(listeners.open(0, false));
  const slow = await rest(stream);
  expect(slow).toEqual(quick);
  expect(indices(slow)).toEqual(slow.slice(0, -1).map((_, at) => at));
});

test("a journal that cannot be read breaks the stream off, and nobody is left behind", async () => {
  const listeners = new Listeners(
    () => {
      throw new Error("Another release wrote this.");
    },
    () => tools,
  );
  listeners.tell(1);
  await expect(rest(listeners.open(0, true))).rejects.toThrow("Another release");
  expect(listeners.size).toBe(0);
});
