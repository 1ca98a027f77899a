import { describe, expect, test } from "vitest";
import { callHash } from "../../src/approval/call-hash.ts";
import { maxResultBytes, type UserAnswer } from "../../src/run/answer.ts";
import { answer } from "../../src/run/decide.ts";
import { openRules, type Rules } from "../../src/tools/policy.ts";
import type { Tool } from "../../src/tools/tool.ts";
import { approvals, call, calls, decide, runThatAsks, told } from "./simulation/stage.ts";
import { agentAfter, expiresInMs } from "./simulation/toolbox.ts";

const tools = agentAfter("as it was")?.tools ?? new Map();
const rejection = "Function call was rejected by the user";

test("a rejection is told to the model in the documented words, with the note where there is one", () => {
  for (const [data, text] of [
    [null, rejection],
    [{ note: "" }, rejection],
    [{ note: 5 }, rejection],
    [{ note: "wrong user" }, `${rejection}: wrong user`],
  ] as const) {
    const simulation = runThatAsks(["pay_once"]);
    expect(decide(simulation, "rejected", data)).toBe("accepted");
    expect(told(simulation)).toEqual([text]);
    expect(call(simulation)).toMatchObject({ outcome: "rejected", confirmed: false });
  }
});

test("a decision is stored with who made it, and a repeated one changes nothing", () => {
  const simulation = runThatAsks(["pay_once"]);
  simulation.nowMs += 5;
  expect(decide(simulation, "approved", { note: "ok" })).toBe("accepted");
  const stored = approvals(simulation);
  expect(stored).toMatchObject([
    {
      status: "approved",
      principal: "user:ann",
      resolvedBy: "user:ann",
      data: { note: "ok" },
      resolvedAtMs: simulation.nowMs,
    },
  ]);
  const rows = simulation.rows.length;
  expect(decide(simulation, "approved", { note: "ok" })).toBe("repeated");
  expect(decide(simulation, "rejected")).toBe("taken");
  expect(approvals(simulation)).toEqual(stored);
  expect([simulation.rows.length, simulation.executions.length]).toEqual([rows, 1]);
});

test("an answer that comes at the expiry lapses the approval instead, whether or not the alarm has rung", () => {
  const simulation = runThatAsks(["pay_once"]);
  simulation.nowMs += expiresInMs;
  expect(decide(simulation, "approved")).toBe("lapsed");
  expect(approvals(simulation)[0]).toMatchObject({ status: "expired", principal: null });
  expect(simulation.executions).toEqual([]);
});

test("the arguments of a confirmation cannot be changed", () => {
  const simulation = runThatAsks(["pay_once"]);
  expect(decide(simulation, "approved", { args: { n: 2 } })).toBe("invalid");
  expect(approvals(simulation)[0]?.status).toBe("pending");
});

test("the rules that were stored with the approval are applied, whatever a later release would ask for", () => {
  const { state } = runThatAsks(["pay_once"]);
  const [stored] = [...state.approvals.values()];
  if (stored === undefined) throw new Error("Nothing was asked.");
  const tool = tools.get("pay_once");
  const later = (rules: Partial<Rules>): ReadonlyMap<string, Tool> =>
    new Map([
      [
        "pay_once",
        { ...tool, approval: { ...tool?.approval, rules: { ...openRules, ...rules } } } as Tool,
      ],
    ]);
  const ann = { principal: "user:ann", shared: false, claim: null };
  const yes = { status: "approved", data: null } as const;
  const decided = (rules: Partial<Rules>, of: ReadonlyMap<string, Tool>) =>
    answer(state, { ...stored, rules: { ...openRules, ...rules } }, yes, ann, {
      nowMs: 0,
      tools: of,
    });
  const strict: Partial<Rules> = { approvers: ["user:bob"], quorum: { approve: 2, reject: 1 } };
  expect(decided({}, later(strict)).kind).toBe("accepted");
  expect(decided(strict, later({}))).toMatchObject({ kind: "forbidden" });
  expect(decided({ quorum: { approve: 2, reject: 1 } }, later({}))).toMatchObject({
    kind: "accepted",
    entries: [{ kind: "approval_voted" }],
  });
});

describe("an approval that a person fills in", () => {
  test.each([{ values: { n: 7 } }, { n: 7 }, { n: 7, note: "fine" }])(
    "takes %j, keeps both versions, and binds the decision to what will run",
    (data) => {
      const simulation = runThatAsks(["fill", {}]);
      expect(decide(simulation, "approved", data)).toBe("accepted");
      const [approval] = approvals(simulation);
      expect(approval).toMatchObject({ args: {}, approvedArgs: { n: 7 } });
      const { runId } = simulation;
      const { id: callId, toolName, toolVersion } = call(simulation);
      const bound = { runId, callId, toolName, toolVersion: toolVersion ?? "", args: { n: 7 } };
      expect(approval?.argsHash).toBe(callHash(bound));
      expect(simulation.executions.map(({ args }) => args)).toEqual(['{"n":7}']);
    },
  );

  test.each([
    ["nothing", null],
    ["nothing in it", { values: {} }],
    ["a wrong type", { values: { n: "7" } }],
    ["null", { values: { n: null } }],
    ["another field", { values: { n: 7, m: 1 } }],
    ["another field beside", { n: 7, admin: true }],
    ["the prototype's name", JSON.parse('{"values":{"n":7,"__proto__":{"a":1}}}')],
    ["a list", { values: [7] }],
  ])("is still pending after %s", (_, data) => {
    const simulation = runThatAsks(["fill", {}]);
    expect(decide(simulation, "approved", data)).toBe("invalid");
    expect(approvals(simulation)[0]?.status).toBe("pending");
    expect(simulation.executions).toEqual([]);
  });

  test("does not take what the model wrote there for a person's answer", () => {
    const simulation = runThatAsks(["fill", { n: 3 }]);
    expect(decide(simulation, "approved")).toBe("invalid");
    expect(decide(simulation, "approved", { values: { n: 4 } })).toBe("accepted");
    expect(simulation.executions.map(({ args }) => args)).toEqual(['{"n":4}']);
  });
});

describe("a call that somebody else executes", () => {
  test("has the result that it is given, as text or as JSON, and is never executed here", () => {
    for (const [result, text] of [
      ["done", "done"],
      [{ ok: 1 }, '{"ok":1}'],
      [null, "null"],
      ["", ""],
    ] as const) {
      const simulation = runThatAsks(["outside"]);
      expect(decide(simulation, "approved", { result })).toBe("accepted");
      expect(call(simulation)).toMatchObject({ outcome: "succeeded", result: text });
      expect(simulation.executions).toEqual([]);
    }
  });

  test("cannot be approved without a result, nor with one that is too large", () => {
    const simulation = runThatAsks(["outside"]);
    for (const data of [null, {}, { note: "done" }, { result: "x".repeat(maxResultBytes) }])
      expect(decide(simulation, "approved", data)).toBe("invalid");
    expect(decide(simulation, "approved", { result: "x".repeat(maxResultBytes - 2) })).toBe(
      "accepted",
    );
  });
});

test("a reason for a 422 names what is missing", () => {
  const { state, nowMs } = runThatAsks(["outside"]);
  const ann = { principal: "user:ann", shared: false, claim: null };
  for (const approval of state.approvals.values()) {
    expect(
      answer(state, approval, { status: "approved", data: null }, ann, { nowMs, tools }),
    ).toEqual({
      kind: "invalid",
      message:
        "Approving an external execution needs resolution_data.result: what the tool returned.",
    });
  }
});

describe("the run's own user", () => {
  function answered(
    name: string,
    given: Omit<UserAnswer, "tool_call_id">,
    args: unknown = { n: 1 },
  ) {
    const simulation = runThatAsks([name, args, "mine"]);
    simulation.answerAsUser([{ tool_call_id: "mine", ...given }]);
    return simulation;
  }

  test("confirms, and the call runs with the arguments that the model gave", () => {
    const tampered = { confirmed: true, tool_args: { n: 9 }, tool_name: "pay_once" };
    const simulation = answered("confirm", tampered);
    expect(simulation.executions).toMatchObject([{ toolName: "confirm", args: '{"n":1}' }]);
    expect(simulation.state.approvals.size).toBe(0);
  });

  test("has not said yes by saying nothing", () => {
    const fields = { result: "r", user_input_schema: [{ name: "n", value: 5 }] };
    for (const given of [{}, { confirmed: null }, { confirmation_note: "yes" }, fields])
      expect(call(answered("confirm", given)).phase).toBe("waiting");
  });

  test("refuses any kind of call, with a note", () => {
    for (const name of ["confirm", "enter", "elsewhere"]) {
      const simulation = answered(name, { confirmed: false, confirmation_note: "no", result: "r" });
      expect(told(simulation)).toEqual([`${rejection}: no`]);
      expect(simulation.executions).toEqual([]);
    }
  });

  test("fills in the fields that the tool leaves open, and no others", () => {
    const schema = (name: string, value: unknown) => ({ user_input_schema: [{ name, value }] });
    expect(answered("enter", schema("n", 5), {}).executions).toMatchObject([{ args: '{"n":5}' }]);
    for (const wrong of [schema("m", 5), schema("n", "5"), { confirmed: true }])
      expect(call(answered("enter", wrong, {})).phase).toBe("waiting");
  });

  test("gives the result of what was executed elsewhere", () => {
    expect(told(answered("elsewhere", { result: { ok: true } }))).toEqual(['{"ok":true}']);
    expect(call(answered("elsewhere", { confirmed: true })).phase).toBe("waiting");
  });

  test("cannot decide what waits for an approval, whatever the answer says", () => {
    const everything = {
      confirmed: true,
      result: "r",
      user_input_schema: [{ name: "n", value: 1 }],
    };
    for (const name of ["pay_once", "fill", "outside"]) {
      const simulation = answered(name, everything);
      expect(approvals(simulation)[0]?.status).toBe("pending");
      expect([simulation.executions.length, simulation.rows.length]).toEqual([0, 2]);
    }
  });

  test("leaves a record of what an audited tool was answered", () => {
    const yes = answered("audited", { confirmed: true });
    expect(yes.state.approvals.size).toBe(0);
    yes.report(call(yes).id, "failed");
    expect(approvals(yes)).toMatchObject([
      { type: "audit", status: "approved", resolvedBy: "mia", expiresAtMs: null },
    ]);
    const no = answered("audited", { confirmed: false, confirmation_note: "why" });
    expect(approvals(no)).toMatchObject([
      { status: "rejected", resolvedBy: "mia", data: { note: "why" } },
    ]);
    const silent = runThatAsks(["log"]);
    silent.report(call(silent).id, "succeeded");
    expect(approvals(silent)).toMatchObject([{ status: "approved", resolvedBy: null, data: null }]);
    expect(call(silent)).toMatchObject({ confirmed: null, approvalId: null });
  });

  test("answers several calls at once, and those that are not named wait on", () => {
    const simulation = runThatAsks(
      ["confirm", { n: 1 }, "a"],
      ["confirm", { n: 2 }, "b"],
      ["audited", { n: 3 }, "c"],
      ["audited", { n: 4 }, "d"],
    );
    simulation.answerAsUser([
      { tool_call_id: "a", confirmed: true },
      { tool_call_id: "c", confirmed: false },
      { tool_call_id: "d", confirmed: false },
      { tool_call_id: "nobody's", confirmed: true },
    ]);
    expect(calls(simulation).map(({ phase }) => phase)).toEqual([
      "running",
      "waiting",
      "ended",
      "ended",
    ]);
    expect(new Set(approvals(simulation).map(({ id }) => id)).size).toBe(2);
  });
});
