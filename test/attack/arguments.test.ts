import { expect, test } from "vitest";
import { z } from "zod";
import { judge, maxArgumentBytes } from "../../src/agent/gate.ts";
import { approval } from "../../src/approval/approval.ts";
import { canonicalJson } from "../../src/approval/call-hash.ts";
import { answer } from "../../src/run/decide.ts";
import type { Entry } from "../../src/run/entry.ts";
import { ask } from "../../src/run/question.ts";
import { apply } from "../../src/run/fold.ts";
import { known, type RunState } from "../../src/run/state.ts";
import { tool, type Tool } from "../../src/tools/tool.ts";

const execute = () => "";
const make = (parameters: z.ZodObject, options: object = {}) =>
  approval(tool({ name: "t", parameters, execute, ...options }));
const put = (made: Tool, args: unknown) =>
  judge(
    new Map([["t", made]]),
    { name: "t", arguments: typeof args === "string" ? args : JSON.stringify(args) },
    new Map(),
  );

test("a default that is worked out anew each time does not make every instance's tool another version", () => {
  const build = () =>
    make(z.object({ id: z.string().default(() => crypto.randomUUID()), to: z.string() }));
  expect(build().version).toBe(build().version);
});

test.each([
  ["numbers that are written short", z.array(z.number()), `[${Array(26_000).fill("1e15").join()}]`],
  [
    "defaults that are filled in",
    z.array(z.object({ note: z.string().default("n".repeat(100)) })),
    `[${Array(40_000).fill("{}").join()}]`,
  ],
])("arguments are bounded as they are kept, not as they were sent: %s", (_, list, text) => {
  const verdict = put(make(z.object({ list })), `{"list":${text}}`);
  const bytes = verdict.kind === "ask" ? canonicalJson(verdict.args).length : 0;
  expect(bytes).toBeLessThanOrEqual(maxArgumentBytes);
});

test("filling in one field leaves every other argument as it was shown", () => {
  const made = make(
    z.object({ amount: z.number().overwrite((amount) => amount * 2), account: z.string() }),
    { requiresUserInput: true, userInputFields: ["account"] },
  );
  const verdict = put(made, { amount: 5 });
  if (verdict.kind !== "ask") throw new Error(verdict.kind);
  expect(verdict.args).toEqual({ amount: 10 });
  const setting = {
    nowMs: 1,
    boot: "b",
    alive: new Set<string>(),
    agent: undefined,
    killSwitch: "off" as const,
  };
  const started: Entry = {
    kind: "started",
    runId: "r",
    agentId: "a",
    agentName: "a",
    sessionId: "s",
    userId: null,
    requestedBy: "root",
    message: "m",
    fingerprint: "f",
    local: true,
  };
  const call = { id: "r.1.0", toolCallId: "c", toolName: "t", rawArguments: "", ...verdict };
  const entries: Entry[] = [
    started,
    { kind: "step_started", step: 1, attempt: 1, boot: "b" },
    { kind: "step_ended", content: "", calls: [call], usage: null },
  ];
  const row = { seq: 1, atMs: 1 };
  const folded = entries.reduce<RunState | null>((state, entry) => apply(state, entry, row), null);
  const state = ask(
    folded as RunState,
    known((folded as RunState).calls, call.id),
    verdict,
    setting,
    null,
  ) //
    .reduce((now, entry) => apply(now, entry, row), folded as RunState);
  const [asked] = state.approvals.values();
  if (asked === undefined) throw new Error("Nobody was asked.");
  const given = answer(
    state,
    asked,
    { status: "approved", data: { values: { account: "DE1" } } },
    { principal: "root", shared: true, claim: null },
    { nowMs: 2, tools: new Map([["t", made]]) },
  );
  expect(given).toMatchObject({
    kind: "accepted",
    entries: [{}, { kind: "call_released", args: { amount: 10, account: "DE1" } }],
  });
});

test("an audit around an approval does not take the approval away", () => {
  const required = make(z.object({ to: z.string() }));
  const both = (): Tool => approval(required, { type: "audit" });
  expect(() => both()).toThrow(TypeError);
});

test.each([
  ["a record", z.record(z.string(), z.unknown()), '{"__proto__":{"admin":true}}'],
  ["a loose object", z.looseObject({}), '{"__proto__":{"admin":true}}'],
  ["anything", z.unknown(), '{"__proto__":{"admin":true},"toJSON":"x","constructor":{"a":1}}'],
  ["anything with a toJSON", z.any(), '{"toJSON":{"call":1}}'],
  ["minus zero", z.number(), "-0"],
])("what is shown of %s is what is kept, or it is refused", (_, value, text) => {
  const verdict = put(make(z.object({ value })), `{"value":${text}}`);
  if (verdict.kind === "refuse") return;
  const kept = verdict.kind === "ask" ? verdict.args : {};
  expect(structuredClone(kept)).toEqual(JSON.parse(JSON.stringify(kept)));
  expect(canonicalJson(structuredClone(kept))).toBe(canonicalJson(JSON.parse(`{"value":${text}}`)));
});
