import { expect, test } from "vitest";
import { z } from "zod";
import { Agent, type AgentOptions } from "../../src/agent/agent.ts";
import type { Model } from "../../src/models/model.ts";
import { tool } from "../../src/tools/tool.ts";

const model: Model = {
  id: "m",
  provider: "test",
  complete: async () => ({ content: "", toolCalls: [], usage: null }),
};
const lookup = tool({ name: "lookup", parameters: z.object({}), execute: () => "" });

function make(options: Partial<AgentOptions> = {}) {
  return new Agent({ id: "helper", model, ...options });
}

test("an agent is what its options say, with defaults for what they leave out", () => {
  expect(make()).toMatchObject({
    id: "helper",
    name: "helper",
    description: null,
    instructions: [],
    db: null,
    maxSteps: 50,
    historyRuns: 0,
  });
  const db = { id: "d1" };
  const full = make({ name: "Helper", description: "Helps.", instructions: "Be kind.", db });
  expect(full).toMatchObject({ name: "Helper", description: "Helps.", instructions: ["Be kind."] });
  expect(full.db).toBe(db);
  expect([...make({ tools: [lookup] }).tools]).toEqual([["lookup", lookup]]);
});

test.each(["", "-a", ".", "..", "a b", "a/b", "ä", "a?b", "a%2f", "x".repeat(129), 7, undefined])(
  "the id %j is refused, because it cannot stand in a URL",
  (id) => {
    const broken = () => make({ id: id as string });
    expect(broken).toThrow(TypeError);
    expect(broken).toThrow(`Agent id '${id}' cannot stand in a URL`);
  },
);

test.each(["a", "Data-Manager_2.0~x", "x".repeat(128)])("the id %j is fine", (id) => {
  expect(make({ id }).id).toBe(id);
});

test.each([
  [true, 3],
  [false, 0],
  [1, 1],
  [20, 20],
])("addHistoryToContext %j shows the model %i earlier runs", (addHistoryToContext, runs) => {
  expect(make({ addHistoryToContext }).historyRuns).toBe(runs);
});

test.each([0, 21, -1, 1.5, Number.NaN, "3", null])(
  "addHistoryToContext %j is refused by the agent's name",
  (given) => {
    expect(() => make({ addHistoryToContext: given as number })).toThrow(
      new TypeError(
        "Agent 'helper': 'addHistoryToContext' must be true, false or a whole number from 1 to 20.",
      ),
    );
  },
);

test("two tools of one name are refused by name", () => {
  const other = tool({ name: "lookup", parameters: z.object({}), execute: () => "2" });
  expect(() => make({ tools: [lookup, other] })).toThrow(
    new TypeError("Agent 'helper' has two tools named 'lookup'."),
  );
});

test("what tool() did not make is refused as a tool", () => {
  for (const stranger of [{ ...lookup }, { name: "t", execute: () => "" }, null, () => ""]) {
    expect(() => make({ tools: [stranger as typeof lookup] })).toThrow(
      new TypeError("Agent 'helper': every tool must be made by tool()."),
    );
  }
});

test("an agent without a model is refused with what to give", () => {
  for (const missing of [undefined, null, {}, "gpt-4o-mini"]) {
    const broken = () => make({ model: missing as Model });
    expect(broken).toThrow(TypeError);
    expect(broken).toThrow("Agent 'helper': 'model' is missing; give one, such as new OpenAIChat(");
  }
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  "%d steps are refused",
  (maxSteps) => {
    expect(() => make({ maxSteps })).toThrow(
      new TypeError("Agent 'helper': 'maxSteps' must be a whole number from 1."),
    );
  },
);

test("what the caller does to their lists afterwards does not reach the agent", () => {
  const tools = [lookup];
  const instructions = ["Be kind."];
  const agent = make({ tools, instructions });
  tools.length = 0;
  instructions.push("Be rude.");
  expect(agent.tools.size).toBe(1);
  expect(agent.instructions).toEqual(["Be kind."]);
});
