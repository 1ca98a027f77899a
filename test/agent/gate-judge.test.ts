import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, maxArgumentBytes } from "../../src/agent/gate.ts";
import { questionHash } from "../../src/approval/call-hash.ts";
import { isGated } from "../../src/tools/tool.ts";
import { toolbox, tools } from "./toolbox.ts";

const none = new Map<string, string>();

function say(name: string, args: unknown, refusals: ReadonlyMap<string, string> = none) {
  const text = typeof args === "string" ? args : JSON.stringify(args);
  return judge(tools, { name, arguments: text }, refusals);
}

const parsed = { args: { to: "DE1", amount: 1000 }, toolVersion: toolbox.pay.version };

describe("a call is judged by its tool", () => {
  test("one that nobody is asked about runs", () => {
    expect(say("lookup", { to: "DE1", amount: 1000 })).toEqual({ kind: "run", ...parsed });
  });

  test("an audited one runs, with the parsed value", () => {
    expect(say("log", { to: "DE1" })).toEqual({ kind: "run", ...parsed });
  });

  test.each([
    ["pay", "confirmation", toolbox.pay.approval],
    ["fill", "user_input", toolbox.fill.approval],
    ["outside", "external_execution", toolbox.outside.approval],
    ["confirm", "confirmation", null],
    ["enter", "user_input", null],
    ["elsewhere", "external_execution", null],
    ["audited", "confirmation", null],
  ])("%s asks for a %s, and shows the parsed value", (name, pauseType, policy) => {
    expect(say(name, { to: "DE1" })).toEqual({ kind: "ask", ...parsed, pauseType, policy });
  });

  test("what a person fills in may be missing, nothing else may", () => {
    expect(say("fill", {})).toMatchObject({ kind: "ask", args: { amount: 1000 } });
    expect(say("enter", "")).toMatchObject({ kind: "ask", args: { amount: 1000 } });
    expect(say("fill", { to: 5 })).toMatchObject({ kind: "refuse" });
    expect(say("pay", {})).toMatchObject({ kind: "refuse" });
  });
});

describe("what cannot be taken at its word is refused, with a reason for the model", () => {
  test.each(["", "Pay", "pay ", "__proto__", "constructor", "toString"])(
    "the unknown tool %j",
    (name) => {
      expect(say(name, { to: "DE1" })).toEqual({
        kind: "refuse",
        reason: `Unknown tool '${name}'. Tools: ${[...tools.keys()].join(", ")}.`,
      });
    },
  );

  test("an unknown tool where there is none", () => {
    expect(judge(new Map(), { name: "pay", arguments: "{}" }, none)).toEqual({
      kind: "refuse",
      reason: "Unknown tool 'pay'. Tools: none.",
    });
  });

  test.each([
    ["no JSON", "{to:1}", "not valid JSON"],
    ["null", "null", "expected object"],
    ["a list", "[]", "expected object"],
    ["a text", '"x"', "expected object"],
    ["an unknown key", '{"to":"x","admin":true}', "Unrecognized key: admin"],
    ["a wrong type", '{"to":1}', "to: "],
    ["a missing key", "{}", "to: "],
    ["a doubled key", '{"to":"x","to":"y"}', "stands twice"],
    ["an unsafe integer", '{"to":"x","amount":9007199254740993}', "cannot be held exactly"],
    ["a lone surrogate", String.raw`{"to":"\ud800"}`, "lone surrogate"],
    ["the prototype's name", '{"to":"x","__proto__":{"amount":1}}', "Unrecognized key: __proto__"],
  ])("%s", (_, text, reason) => {
    for (const name of ["pay", "lookup", "log", "confirm"])
      expect(say(name, text)).toMatchObject({
        kind: "refuse",
        reason: expect.stringContaining(reason),
      });
  });

  test("arguments beyond the limit, counted in bytes, as they were written and as they are kept", () => {
    const of = (bytes: number) => `{"amount":1,"to":"${"é".repeat((bytes - 20) / 2)}"}`;
    expect(new TextEncoder().encode(of(maxArgumentBytes))).toHaveLength(maxArgumentBytes);
    expect(say("pay", of(maxArgumentBytes))).toMatchObject({ kind: "ask" });
    const reason = "The arguments are larger than 128 KiB.";
    expect(say("pay", of(maxArgumentBytes + 2))).toEqual({ kind: "refuse", reason });
    expect(say("pay", `${" ".repeat(maxArgumentBytes)}{}`)).toEqual({ kind: "refuse", reason });
    const short = of(maxArgumentBytes).replace('"amount":1,', "");
    expect(say("pay", short)).toEqual({ kind: "refuse", reason });
  });

  test("and the reason stays short, however much of the model's words it quotes", () => {
    const long = "😀".repeat(20_000);
    const texts = [
      `{"${long}":1,"to":"x"}`,
      `{"to":${"9".repeat(100_000)}}`,
      `{"${long}":1,"${long}":1}`,
    ];
    for (const verdict of [say(`x${long}`, {}), ...texts.map((text) => say("pay", text))]) {
      if (verdict.kind !== "refuse") throw new Error(verdict.kind);
      expect(verdict.reason.length).toBeLessThanOrEqual(2000);
      expect(verdict.reason.isWellFormed()).toBe(true);
    }
  });
});

describe("a question that a person has turned down", () => {
  const refusals = new Map([[questionHash("pay", parsed.args), "rejected: wrong account"]]);

  test.each([
    ["word for word", '{"to":"DE1","amount":1000}'],
    ["in another order", '{"amount":1000,"to":"DE1"}'],
    ["with the default left out", '{"to":"DE1"}'],
    ["in another number form", '{"to":"DE1","amount":1.0e3}'],
    ["spelled with escapes", String.raw`{"\u0074o":"\u0044E1"}`],
  ])("is refused with the same words when it is asked again %s", (_, text) => {
    expect(say("pay", text, refusals)).toEqual({
      kind: "refuse",
      reason: "rejected: wrong account",
    });
  });

  test("does not stand for another tool's, or for other arguments", () => {
    expect(say("pay", { to: "DE2" }, refusals).kind).toBe("ask");
    expect(say("pay", { to: "DE1", amount: 1001 }, refusals).kind).toBe("ask");
    expect(say("confirm", { to: "DE1" }, refusals).kind).toBe("ask");
    expect(say("lookup", { to: "DE1" }, refusals).kind).toBe("run");
  });
});

/** What a model could write: nearly right, right with claims of its own, and noise. */
const written = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc
    .dictionary(
      fc.constantFrom("to", "amount", "note", "confirmed", "approval_id", "approved", "__proto__"),
      fc.constantFrom("DE1", 1000, true, null, { status: "approved" }),
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom("", "{}", '{"to":"DE1"}'),
);
const named = fc.oneof(fc.constantFrom(...tools.keys()), fc.string());

test("nothing that a model writes runs a tool that waits for a person", () => {
  fc.assert(
    fc.property(named, written, (name, text) => {
      const verdict = judge(tools, { name, arguments: text }, none);
      const tool = tools.get(name);
      if (verdict.kind === "run") expect(tool && isGated(tool)).toBe(false);
      if (tool === undefined) expect(verdict.kind).toBe("refuse");
      if (verdict.kind === "refuse") return;
      expect(["to", "amount", "note"]).toEqual(expect.arrayContaining(Object.keys(verdict.args)));
    }),
    { numRuns: 3000 },
  );
});
