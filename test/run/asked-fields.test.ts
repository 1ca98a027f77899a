import { expect, test } from "vitest";
import { z } from "zod";
import { approval } from "../../src/approval/approval.ts";
import { answerAsUser } from "../../src/run/answer.ts";
import { answer } from "../../src/run/decide.ts";
import type { RunState } from "../../src/run/state.ts";
import { approvalRecord, runView } from "../../src/run/view.ts";
import { tool, type Tool } from "../../src/tools/tool.ts";
import { call, runThatAsks } from "./simulation/stage.ts";

const ann = { principal: "user:ann", shared: false, claim: null };
const n = {
  name: "n",
  field_type: "number",
  description: null,
  value: null,
  required: true,
  schema: { type: "number" },
};

/** The tools as they are deployed now: of the same version, and with another field for a person. */
function toolsNow(): ReadonlyMap<string, Tool> {
  const parameters = z.object({ n: z.number().describe("Now it is said."), m: z.number() });
  const make = (name: string) =>
    tool({ name, parameters, requiresUserInput: true, execute: () => "" });
  return new Map([
    ["fill", approval(make("fill"))],
    ["enter", make("enter")],
  ]);
}

test.each(["fill", "enter"])(
  "%s shows the fields as they were when it was asked, whatever the tool says now, or if it is gone",
  (name) => {
    const simulation = runThatAsks([name, {}]);
    for (const tools of [toolsNow(), new Map<string, Tool>()]) {
      const { requirements, tools: calls } = runView(simulation.state, tools);
      expect(calls[0]?.user_input_schema).toEqual([n]);
      expect(requirements[0]?.tool_execution.user_input_schema).toEqual([n]);
      for (const asked of simulation.state.approvals.values()) {
        const record = approvalRecord(simulation.state, asked, tools);
        expect(record.requirements[0]?.tool_execution.user_input_schema).toEqual([n]);
      }
    }
  },
);

test("only the fields that were asked about can be filled in, and their values fit the tool as it is", () => {
  const { state } = runThatAsks(["fill", { m: 1 }]);
  const [asked] = state.approvals.values();
  if (asked === undefined) throw new Error("Nothing was asked.");
  const given = (values: object) =>
    answer(state, asked, { status: "approved", data: { values } }, ann, {
      nowMs: state.createdAtMs,
      tools: toolsNow(),
    });
  expect(given({ n: 1, m: 2 })).toEqual({
    kind: "invalid",
    message: "'m' is not a field to fill in. Fields: n.",
  });
  expect(given({ n: "1" })).toMatchObject({ kind: "invalid", fields: { n: expect.any(String) } });
  expect(given({ n: 5 })).toMatchObject({ entries: [{ args: { n: 5, m: 1 } }, {}] });
});

test("a user's answer takes the fields that were asked about", () => {
  const simulation = runThatAsks(["enter", { m: 1 }, "mine"]);
  const given = (...user_input_schema: { name: string; value: unknown }[]) =>
    answerAsUser(
      simulation.state,
      { answers: [{ tool_call_id: "mine", user_input_schema }] },
      { nowMs: simulation.nowMs, tools: toolsNow() },
    );
  expect(given({ name: "m", value: 2 })).toMatchObject({ kind: "invalid" });
  expect(given({ name: "n", value: 2 })).toMatchObject({
    entries: [{ kind: "call_answered" }, { args: { n: 2, m: 1 } }],
  });
});

test("a journal that does not say what was asked goes by the tool as it is", () => {
  const { state } = runThatAsks(["fill", {}]);
  const of = call({ state } as never);
  const before: RunState = {
    ...state,
    calls: new Map([[of.id, { ...of, inputFields: null }]]),
  };
  const [shown] = runView(before, toolsNow()).tools;
  expect(shown?.user_input_schema?.map(({ name }) => name)).toEqual(["n", "m"]);
});
