import fc from "fast-check";
import { expect, test } from "vitest";
import { joinToolCalls, type ToolCallPiece } from "../../src/models/tool-call-pieces.ts";

function join(...pieces: Partial<ToolCallPiece>[]) {
  const calls = joinToolCalls();
  for (const piece of pieces) calls.add({ index: null, id: "", name: "", arguments: "", ...piece });
  return calls.joined();
}

test("calls of one id are two calls where their indexes differ", () => {
  expect(
    join(
      { index: 0, id: "x", name: "f", arguments: '{"a":1}' },
      { index: 1, id: "x", name: "f", arguments: '{"a":2}' },
    ),
  ).toEqual([
    { id: "x", name: "f", arguments: '{"a":1}' },
    { id: "x", name: "f", arguments: '{"a":2}' },
  ]);
});

test("a call without an id has none, and one without arguments has empty ones", () => {
  expect(join({ index: 0, name: "f" })).toEqual([{ id: null, name: "f", arguments: "{}" }]);
});

test("an id that comes late, or anew with every piece, does not make a second call", () => {
  expect(
    join(
      { index: 0, name: "f", arguments: "{" },
      { index: 0, id: "a", arguments: '"n":' },
      { index: 0, id: "b", arguments: "1}" },
    ),
  ).toEqual([{ id: "a", name: "f", arguments: '{"n":1}' }]);
});

test("without an index, a name begins a call and what has none goes on with the last", () => {
  expect(
    join(
      { name: "f", arguments: '{"a"' },
      { arguments: ":1}" },
      { name: "g" },
      { arguments: "{}" },
    ),
  ).toEqual([
    { id: null, name: "f", arguments: '{"a":1}' },
    { id: null, name: "g", arguments: "{}" },
  ]);
});

test("without an index, pieces are followed by id", () => {
  expect(
    join(
      { id: "a", name: "f" },
      { id: "b", name: "f" },
      { id: "a", arguments: '{"a":1}' },
      { id: "b", arguments: '{"b":1}' },
    ),
  ).toEqual([
    { id: "a", name: "f", arguments: '{"a":1}' },
    { id: "b", name: "f", arguments: '{"b":1}' },
  ]);
});

test("without an index or an id, a repeated name goes on with a call that is not whole, and begins another after one that is", () => {
  expect(
    join(
      { name: "f", arguments: '{"a"' },
      { name: "f", arguments: ":1}" },
      { name: "f", arguments: '{"a":1}' },
    ),
  ).toEqual([
    { id: null, name: "f", arguments: '{"a":1}' },
    { id: null, name: "f", arguments: '{"a":1}' },
  ]);
});

test("a server that numbers every call 0 has them kept apart", () => {
  expect(
    join(
      { index: 0, id: "a", name: "f", arguments: '{"a":1}' },
      { index: 0, id: "b", name: "f", arguments: '{"a":1}' },
      { index: 0, name: "g", arguments: "{}" },
    ),
  ).toEqual([
    { id: "a", name: "f", arguments: '{"a":1}' },
    { id: "b", name: "f", arguments: '{"a":1}' },
    { id: null, name: "g", arguments: "{}" },
  ]);
});

test("the same call sent twice under one index is one call", () => {
  const call = { index: 0, id: "a", name: "f", arguments: '{"a":1}' };
  expect(join(call, call)).toEqual([{ id: "a", name: "f", arguments: '{"a":1}' }]);
});

test("a piece that says nothing is no call", () => {
  expect(join({ index: 0 })).toEqual([]);
});

const reply = fc.array(
  fc.record({
    id: fc.option(fc.stringMatching(/^call_[a-c]$/), { nil: "" }),
    name: fc.constantFrom("wipe", "read"),
    arguments: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
  }),
  { minLength: 1, maxLength: 4 },
);

/** One call as a list of pieces, cut anywhere; the server repeats the id and the name, or does not. */
function piecesOf(
  call: Omit<ToolCallPiece, "index">,
  index: number | null,
  cuts: number[],
  repeats: boolean,
): ToolCallPiece[] {
  const places = [
    0,
    ...cuts.map((cut) => cut % (call.arguments.length + 1)).sort((a, b) => a - b),
    call.arguments.length,
  ];
  return places.slice(1).map((end, i) => ({
    index,
    id: i === 0 || repeats ? call.id : "",
    name: i === 0 || repeats ? call.name : "",
    arguments: call.arguments.slice(places[i], end),
  }));
}

const anyCuts = fc.array(fc.array(fc.nat(200), { maxLength: 5 }), { minLength: 4, maxLength: 4 });

test("any splitting and interleaving of the same calls gives the same calls", () => {
  const order = fc.infiniteStream(fc.nat(3));
  fc.assert(
    fc.property(reply, anyCuts, fc.boolean(), order, (sent, cuts, repeats, turns) => {
      const queues = sent.map((call, index) => piecesOf(call, index, cuts[index] ?? [], repeats));
      const calls = joinToolCalls();
      for (const turn of turns) {
        const queue = queues[turn % queues.length]?.length
          ? queues[turn % queues.length]
          : queues.find((q) => q.length > 0);
        const piece = queue?.shift();
        if (piece === undefined) break;
        calls.add(piece);
      }
      expect(calls.joined()).toEqual(sent.map((call) => ({ ...call, id: call.id || null })));
    }),
  );
});

test("without indexes, any splitting of calls that come one after the other gives the same calls", () => {
  fc.assert(
    fc.property(reply, anyCuts, (sent, cuts) => {
      const calls = joinToolCalls();
      for (const [i, call] of sent.entries()) {
        for (const piece of piecesOf(
          { ...call, id: call.id && `${call.id}${i}` },
          null,
          cuts[i] ?? [],
          false,
        ))
          calls.add(piece);
      }
      expect(calls.joined()).toEqual(
        sent.map((call, i) => ({ ...call, id: call.id ? `${call.id}${i}` : null })),
      );
    }),
  );
});
