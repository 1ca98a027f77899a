import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Decider,
  type Decision,
  noteOf,
  rejectionText,
  rule as ruleAt,
  type Ruling,
  type Standing,
} from "../../src/approval/decision.ts";
import { openRules } from "../../src/tools/policy.ts";

const ann: Decider = { principal: "user:ann", shared: false, claim: "boss" };
const key = (claim: string | null): Decider => ({ principal: "root", shared: true, claim });
const yes: Decision = { status: "approved", data: null };
const no: Decision = { status: "rejected", data: { note: "wrong user" } };
const pending: Standing = {
  status: "pending",
  expiresAtMs: 1000,
  principal: null,
  resolvedBy: null,
  data: null,
  rules: openRules,
  requesters: [],
  escalatedTo: [],
  votes: [],
};
const rule = (standing: Standing, decision: Decision, decider: Decider, nowMs: number): Ruling =>
  ruleAt(standing, decision, decider, { argsHash: "hash", nowMs });

/** The standing after a decision that was accepted. */
function after(decision: Decision, decider: Decider): Standing {
  const ruling = rule(pending, decision, decider, 0);
  if (ruling.kind !== "accept") throw new Error(ruling.kind);
  return { ...pending, ...decision, principal: decider.principal, resolvedBy: ruling.resolvedBy };
}

test("who identifies themselves is named by that, whatever they claim", () => {
  expect(rule(pending, yes, ann, 0)).toMatchObject({ kind: "accept", resolvedBy: "user:ann" });
});

test("behind the shared key the claim is kept, or the key itself is named", () => {
  expect(rule(pending, yes, key("Bob"), 0)).toMatchObject({ kind: "accept", resolvedBy: "Bob" });
  expect(rule(pending, yes, key(null), 0)).toMatchObject({ kind: "accept", resolvedBy: "root" });
});

describe("after the first answer", () => {
  test("the same answer of the same person is that answer again", () => {
    expect(rule(after(yes, ann), yes, ann, 0)).toEqual({ kind: "repeat" });
    expect(rule(after(no, key("Bob")), { ...no }, key("Bob"), 9999)).toEqual({ kind: "repeat" });
  });

  test("no data and empty data are the same, and so is data in another order", () => {
    expect(rule(after(yes, ann), { status: "approved", data: {} }, ann, 0).kind).toBe("repeat");
    const data = (order: string[]) => Object.fromEntries(order.map((name) => [name, 1]));
    const ab: Decision = { status: "approved", data: data(["a", "b"]) };
    expect(rule(after(ab, ann), { ...ab, data: data(["b", "a"]) }, ann, 0).kind).toBe("repeat");
  });

  test.each([
    ["another person", yes, { ...ann, principal: "user:bob" }],
    ["the other answer", { status: "rejected", data: null }, ann],
    ["other data", { status: "approved", data: { action: "retry" } }, ann],
    ["the shared key", yes, key("user:ann")],
  ] as [string, Decision, Decider][])("%s comes too late", (_, decision, decider) => {
    expect(rule(after(yes, ann), decision, decider, 0)).toEqual({
      kind: "taken",
      status: "approved",
    });
  });

  test("two people behind one key are two people by what they say", () => {
    expect(rule(after(yes, key("Bob")), yes, key("Eve"), 0).kind).toBe("taken");
    expect(rule(after(yes, key("Bob")), yes, key(null), 0).kind).toBe("taken");
    expect(rule(after(yes, key("Bob")), yes, key("Bob"), 0).kind).toBe("repeat");
  });
});

test("an answer lapses exactly at the expiry, and one millisecond before it counts", () => {
  expect(rule(pending, yes, ann, 999).kind).toBe("accept");
  expect(rule(pending, yes, ann, 1000)).toEqual({ kind: "lapse" });
  expect(rule(pending, no, ann, 1001)).toEqual({ kind: "lapse" });
  expect(rule({ ...pending, expiresAtMs: null }, yes, ann, Number.MAX_SAFE_INTEGER).kind).toBe(
    "accept",
  );
});

/** The rule once more, told as a story: what each of several answers in a row comes to. */
function reference(answers: { decision: Decision; decider: Decider; atMs: number }[]): string[] {
  let first: string | null = null;
  let status = "";
  return answers.map(({ decision, decider, atMs }) => {
    const { principal, shared, claim } = decider;
    const person = shared ? `${principal}/${claim ?? principal}` : principal;
    const answer = JSON.stringify([person, decision.status, decision.data?.["note"] ?? null]);
    if (first === null && atMs >= 1000) return "lapse";
    if (first === null) {
      first = answer;
      status = decision.status;
      return "accept";
    }
    return first === answer ? "repeat" : `taken: ${status}`;
  });
}

test("of any answers in any order the first wins, and each is told what it came to", () => {
  const bob = { ...ann, principal: "user:bob" };
  const anyone = { principal: "anonymous", shared: true, claim: "Bob" };
  const people = [ann, { ...ann, claim: null }, bob, key("Bob"), key("Eve"), key(null), anyone];
  const principal = fc.constantFrom(...people);
  const answer = fc.record({
    decision: fc.record({
      status: fc.constantFrom("approved" as const, "rejected" as const),
      data: fc.constantFrom(null, {}, { note: "a" }, { note: "b" }),
    }),
    decider: principal,
    atMs: fc.constantFrom(0, 999, 1000, 1001),
  });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 12 }), (answers) => {
      let standing = pending;
      const told = answers.map(({ decision, decider, atMs }) => {
        const ruling: Ruling = rule(standing, decision, decider, atMs);
        if (ruling.kind === "accept") {
          const { resolvedBy } = ruling;
          standing = { ...standing, ...decision, principal: decider.principal, resolvedBy };
        }
        return ruling.kind === "taken" ? `taken: ${ruling.status}` : ruling.kind;
      });
      expect(told).toEqual(reference(answers));
    }),
    { numRuns: 2000 },
  );
});

test.each(["expired", "cancelled"] as const)("nothing changes what has %s", (status) => {
  const standing: Standing = { ...pending, status };
  expect(rule(standing, yes, ann, 0)).toEqual({ kind: "taken", status });
  expect(rule(standing, no, key(null), 0)).toEqual({ kind: "taken", status });
});

test("the model is told of a rejection in these words, with the note where there is one", () => {
  expect(rejectionText(null)).toBe("Function call was rejected by the user");
  expect(rejectionText("")).toBe("Function call was rejected by the user");
  expect(rejectionText("wrong user")).toBe("Function call was rejected by the user: wrong user");
});

test("a note is a text that is not empty", () => {
  expect(noteOf({ note: "x" })).toBe("x");
  for (const data of [{ note: "" }, { note: 1 }, {}, null]) expect(noteOf(data)).toBeNull();
});
