import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  callHash,
  canonicalJson,
  type HashedCall,
  questionHash,
} from "../../src/approval/call-hash.ts";
import { parseStrictJson } from "../../src/tools/json.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The test data that RFC 8785 was published with (cyberphone/json-canonicalization). */
const published = [
  {
    name: "arrays",
    json: '[56,{"d":true,"10":null,"1":[ ]}]',
    canonical: '[56,{"1":[],"10":null,"d":true}]',
    digest: "099601b171cafed97c333f8878d68e7f8c8f795412adb34b2fdcf0e7c7beac42",
  },
  {
    name: "structures",
    json: String.raw`{"1":{"f":{"f":"hi","F":5},"\n":56.0},"10":{},"":"empty","a":{},"111":[{"e":"yes","E":"no"}],"A":{}}`,
    canonical: String.raw`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}`,
    digest: "605f65004ec2db7692522a0852c22f1c989e036d547e88963d1a3143cf3195d5",
  },
  {
    name: "values",
    json: String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    canonical: String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    digest: "2d5e01a318d0f0879ab568c4be289c8b1f64ef8921a53c6277d5e069978baacb",
  },
  {
    name: "sorting by UTF-16 code units",
    json: String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
    canonical: `{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}`,
    digest: "",
  },
];

test.each(published)("canonical JSON is that of RFC 8785: $name", ({ json, canonical, digest }) => {
  expect(canonicalJson(JSON.parse(json))).toBe(canonical);
  if (digest !== "") expect(sha256(canonical)).toBe(digest);
});

test.each([
  ["nothing", undefined],
  ["a function", () => 1],
  ["not a number", { a: Number.NaN }],
  ["infinity", [Number.POSITIVE_INFINITY]],
  ["a lone surrogate", { a: "\ud800" }],
  ["a lone surrogate in a key", { "\udc00": 1 }],
  ["a large integer", { a: 1n }],
])("%s cannot be written, and that is said with a code", (_, value) => {
  expect(() => canonicalJson(value)).toThrow(
    expect.objectContaining({ code: "invalid_request", message: expect.stringContaining("JSON") }),
  );
});

const call: HashedCall = {
  runId: "run_1",
  callId: "run_1.1.0",
  toolName: "pay",
  toolVersion: "v1",
  args: { to: "DE1", amount: 1000, lines: [{ a: 1, b: null }] },
};

describe("a call's hash", () => {
  test("is the SHA-256 of the documented text, and stays that in every release", () => {
    const text =
      'kern.call.v1\n{"args":{"amount":1000,"lines":[{"a":1,"b":null}],"to":"DE1"},"callId":"run_1.1.0","runId":"run_1","toolName":"pay","toolVersion":"v1"}';
    expect(callHash(call)).toBe(sha256(text));
  });

  test.each([
    ["the run", { runId: "run_2" }],
    ["the call", { callId: "run_1.1.1" }],
    ["the retry", { callId: "run_1.1.0~1" }],
    ["the tool", { toolName: "Pay" }],
    ["the tool's version", { toolVersion: "v2" }],
    ["a value", { args: { ...call.args, to: "DE2" } }],
    ["a value's type", { args: { ...call.args, amount: "1000" } }],
    ["a number", { args: { ...call.args, amount: 1000.1 } }],
    ["a key", { args: { ...call.args, too: 1 } }],
    ["what is missing", { args: { to: "DE1", amount: 1000 } }],
    ["null for missing", { args: { ...call.args, note: null } }],
    ["the order of an array", { args: { ...call.args, lines: [{ a: 1, b: null }, 1] } }],
    ["one space", { args: { ...call.args, to: "DE1 " } }],
    ["another spelling of one character", { args: { ...call.args, to: "DE１" } }],
  ] as [string, Partial<HashedCall>][])("changes with %s", (_, change) => {
    expect(callHash({ ...call, ...change })).not.toBe(callHash(call));
  });

  test("does not confuse what stands in one field with what stands in another", () => {
    const { runId, callId } = call;
    expect(callHash({ ...call, runId: callId, callId: runId })).not.toBe(callHash(call));
    expect(callHash({ ...call, toolName: "payv", toolVersion: "1" })).not.toBe(callHash(call));
    expect(questionHash(call.toolName, call.args)).not.toBe(callHash(call));
    expect(questionHash("refund", call.args)).not.toBe(questionHash("pay", call.args));
  });
});

const args = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ maxDepth: 4 }));

/** The value with the keys of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]));
}

test("the order of keys never changes a hash", () => {
  fc.assert(
    fc.property(args, (value) => {
      const other = reversed(value) as typeof value;
      expect(callHash({ ...call, args: other })).toBe(callHash({ ...call, args: value }));
      expect(questionHash("pay", other)).toBe(questionHash("pay", value));
    }),
  );
});

test("two calls have one hash only where their JSON is the same value", () => {
  const part = fc.string({ maxLength: 3, unit: "grapheme" });
  const any = fc.record({
    runId: part,
    callId: part,
    toolName: part,
    toolVersion: part,
    args: fc.dictionary(
      fc.constantFrom("a", "b"),
      fc.constantFrom(0, 1, "1", "", null, [], {}, true),
    ),
  });
  fc.assert(
    fc.property(any, any, (one, two) => {
      const same = canonicalJson(one) === canonicalJson(two);
      expect(callHash(one) === callHash(two)).toBe(same);
    }),
    { numRuns: 500 },
  );
});

test("changing one character anywhere in the arguments changes the hash", () => {
  fc.assert(
    fc.property(args, fc.nat(), fc.constantFrom("0", "x", '"', "1", " "), (value, at, char) => {
      const text = canonicalJson(value);
      const i = at % text.length;
      let changed: unknown;
      try {
        changed = parseStrictJson(text.slice(0, i) + char + text.slice(i + 1));
      } catch {
        return;
      }
      if (typeof changed !== "object" || changed === null || canonicalJson(changed) === text)
        return;
      const hash = callHash({ ...call, args: changed as typeof value });
      expect(hash).not.toBe(callHash({ ...call, args: value }));
    }),
    { numRuns: 1000 },
  );
});
