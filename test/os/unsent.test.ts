import fc from "fast-check";
import { expect, test } from "vitest";
import { type Sent, unsent } from "../../src/os/unsent.ts";
import type { RunEvent } from "../../src/run/events.ts";

const header = { created_at: 1, agent_id: "a", agent_name: "A", run_id: "r", session_id: "s" };
const piece = (content: string, offset: number): RunEvent => ({
  ...header,
  event: "RunContent",
  content,
  offset,
});
const whole = (content: string, event_index: number): RunEvent => ({
  ...header,
  event: "RunContent",
  content,
  event_index,
});
const other = (event: string, event_index: number): RunEvent => ({ ...header, event, event_index });

/** What a reader is sent of these events, one after the other. */
function sentOf(...events: RunEvent[]): RunEvent[] {
  const all: RunEvent[] = [];
  let sent: Sent = { next: 0, text: "" };
  for (const event of events) {
    const told = unsent(sent, event);
    sent = told.sent;
    if (told.event !== null) all.push(told.event);
  }
  return all;
}
const texts = (events: RunEvent[]) => events.map(({ content }) => content);

test("of a step that was sent piece by piece, only what is missing is sent when it is committed", () => {
  const sent = sentOf(piece("Hello ", 0), piece("wor", 6), whole("Hello world!", 0));
  expect(texts(sent)).toEqual(["Hello ", "wor", "ld!"]);
  expect(sent[2]).toEqual({ ...whole("ld!", 0) });
  expect(sentOf(piece("Hello", 0), whole("Hello", 0))).toHaveLength(1);
});

test("a team's text is told once too", () => {
  const ofTeam = (event: RunEvent): RunEvent => ({ ...event, event: `Team${event.event}` });
  const sent = sentOf(ofTeam(piece("Hello ", 0)), ofTeam(whole("Hello world!", 0)));
  expect(texts(sent)).toEqual(["Hello ", "world!"]);
  expect(sent[0]).not.toHaveProperty("offset");
});

test("a piece says nothing of where it stands in the text, to those who read the stream", () => {
  expect(sentOf(piece("Hello", 0))[0]).not.toHaveProperty("offset");
});

test("a step that is asked of the model again goes on where its text was left, or is sent whole", () => {
  const left = piece("Hello wor", 0);
  const same = sentOf(left, piece("Hel", 0), piece("lo world", 3), whole("Hello world!", 0));
  expect(texts(same)).toEqual(["Hello wor", "ld", "!"]);
  const another = sentOf(left, piece("Good", 0), piece(" day", 4), whole("Good day", 0));
  expect(texts(another)).toEqual(["Hello wor", "Good day"]);
  expect(another[1]).toMatchObject({ replaces: true, event_index: 0 });
});

test("pieces of a text whose beginning was missed are held back until it is committed", () => {
  expect(texts(sentOf(piece("world", 6), whole("Hello world", 0)))).toEqual(["Hello world"]);
  expect(sentOf(piece("world", 6), whole("Hello world", 0))[0]).not.toHaveProperty("replaces");
});

test("an event that was sent before is not sent again, and the next step's text begins anew", () => {
  const sent = sentOf(other("RunStarted", 0), piece("Hi", 0), other("RunStarted", 0));
  expect(sent).toHaveLength(2);
  const next = sentOf(piece("Wait", 0), other("ToolCallStarted", 0), piece("Well", 0));
  expect(texts(next)).toEqual(["Wait", undefined, "Well"]);
});

test("however a text is cut up and repeated, what is sent makes the text", () => {
  const cuts = fc.array(fc.nat(40), { maxLength: 8 });
  const property = fc.property(fc.string({ minLength: 1, maxLength: 40 }), cuts, (text, at) => {
    const repeated = at.map((cut, i) =>
      piece(text.slice(Math.min(cut, at[i + 1] ?? 0), cut), Math.min(cut, at[i + 1] ?? 0)),
    );
    const sent = sentOf(...repeated, whole(text, 0), other("RunContentCompleted", 1));
    expect(texts(sent).slice(0, -1).join("")).toBe(text);
    expect(sent.every((event) => event["replaces"] === undefined)).toBe(true);
  });
  fc.assert(property, { numRuns: 500 });
});
