import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStrictJson } from "../../src/tools/json.ts";

function refusal(text: string): string {
  try {
    parseStrictJson(text);
  } catch (error) {
    expect(error).toMatchObject({ name: "KernError", code: "invalid_request" });
    return (error as Error).message;
  }
  throw new Error(`Accepted: ${text.slice(0, 100)}`);
}

test.each(["", "{", "{'a':1}", '{"a":1,}', "undefined", "NaN", '"\u0000"', "01", "{} {}"])(
  "%j is no JSON",
  (text) => {
    expect(refusal(text)).toBe("The arguments are not valid JSON.");
  },
);

test.each([
  ["with different values", '{"a":1,"a":2}'],
  ["with equal values", '{"a":1,"a":1}'],
  ["spelled with an escape", String.raw`{"a":1,"\u0061":2}`],
  ["spelled with another escape", String.raw`{"\/":1,"/":2}`],
  ["with others between", '{"a":1,"b":{"a":3},"a":2}'],
  ["deep inside", '{"x":[{"y":{"a":1,"a":1}}]}'],
  ["that is empty", '{"":1,"":2}'],
  ["by the name of the prototype", '{"__proto__":1,"__proto__":{}}'],
  ["whose value looks like a key", '{"a":":","a":","}'],
])("a key that stands twice is refused: %s", (_, text) => {
  expect(refusal(text)).toMatch(/^The key ".*" stands twice in one object\.$/);
});

test("one key in several objects, and one text as key and as value, are fine", () => {
  const text = '{"a":{"a":"a"},"b":[{"a":"b"},{"a":"a:"},"a","a"],"c\\"":":","c":"\\\\"}';
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

test.each([
  "9007199254740992",
  "-9007199254740992",
  "9007199254740993",
  "1e16",
  "-1E+300",
  "12345678901234567890.0",
  "90071992547409920e0",
  "1e400",
  "-1e400",
])("the number %s is refused, wherever it stands", (number) => {
  const reason = `The number ${number} cannot be held exactly; send it as a string.`;
  expect(refusal(number)).toBe(reason);
  expect(refusal(`{"a":[{"b":${number}}]}`)).toBe(reason);
  expect(refusal(`[ ${number} ,1]`)).toBe(reason);
});

test.each(["9007199254740991", "-9007199254740991", "0.1", "1e3", "-0", "1.5e15", "1e-7"])(
  "the number %s is fine, and so is any number in a text",
  (number) => {
    expect(parseStrictJson(`{"a":${number}}`)).toEqual({ a: Number(number) });
    expect(parseStrictJson(`{"a":"9007199254740993"}`)).toEqual({ a: "9007199254740993" });
  },
);

test.each([
  ["a value", String.raw`{"a":"\ud800"}`],
  ["a value's end", String.raw`{"a":"x\udc00"}`],
  ["a key", String.raw`{"\udfff":1}`],
  ["an array", String.raw`[["\ud83d "]]`],
  ["the wrong order", String.raw`{"a":"\udc00\ud800"}`],
  ["plain sight", '{"a":"\ud800"}'],
])("a lone surrogate is refused in %s", (_, text) => {
  expect(refusal(text)).toBe("The arguments hold a lone surrogate, which is not valid Unicode.");
});

test("a pair of surrogates is a character", () => {
  expect(parseStrictJson(String.raw`{"\ud83d\ude00":"😀"}`)).toEqual({ "😀": "😀" });
});

test("32 levels are read, 33 are refused", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  expect(parseStrictJson(nested(32))).toEqual(JSON.parse(nested(32)));
  expect(refusal(nested(33))).toBe("The arguments are nested deeper than 32 levels.");
  expect(refusal(`{"a":${nested(32)}}`)).toContain("deeper than 32");
  expect(parseStrictJson(`[${nested(31)},${nested(31)}]`)).toHaveLength(2);
});

test("__proto__ is a key like any other, and changes no prototype", () => {
  const value = parseStrictJson('{"__proto__":{"admin":true}}') as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(value["admin"]).toBeUndefined();
});

describe("input without end is answered, and overflows nothing", () => {
  const million = 1_000_000;
  test.each([
    ["arrays", "[".repeat(million) + "]".repeat(million)],
    ["objects", '{"a":'.repeat(million) + "1" + "}".repeat(million)],
    ["digits", "9".repeat(million)],
    ["an open text", `"${"\\n".repeat(million)}`],
  ])("%s", (_, text) => {
    expect(refusal(text)).toMatch(/^The /);
  });

  test.each([
    ["escapes", `"${"\\n".repeat(million)}"`],
    ["elements", `[${"1,".repeat(million)}1]`],
    ["blanks", `${" ".repeat(million)}1`],
    ["keys", `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(",")}}`],
  ])("%s", (_, text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });
});

const anyJson = fc
  .jsonValue({ maxDepth: 8, noUnicodeString: false, stringUnit: "grapheme" })
  .map((value) => JSON.stringify(value))
  .filter((text) => !/\d(e\+|\d{15})/.test(text));

test("any other JSON means what JSON.parse says, however it is spaced", () => {
  fc.assert(
    fc.property(anyJson, fc.constantFrom("", " ", "\n\t"), (text, space) => {
      const spaced = space === "" ? text : JSON.stringify(JSON.parse(text), null, space);
      expect(parseStrictJson(spaced)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("in any JSON object, repeating any key anywhere is refused", () => {
  const object = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(object, fc.nat(), fc.jsonValue(), (value, at, inner) => {
      const keys = Object.keys(value);
      const key = keys[at % keys.length] ?? "";
      const text = JSON.stringify(value);
      const doubled = `${text.slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(inner)}}`;
      fc.pre(!/\d(e\+|\d{15})/.test(doubled));
      expect(refusal(`[{"in":${doubled}}]`)).toContain("stands twice");
    }),
    { numRuns: 300 },
  );
});
