import { expect, test } from "vitest";
import { z } from "zod";
import { Agent } from "../../src/agent/agent.ts";
import { delegationName, Team, type TeamOptions } from "../../src/agent/team.ts";
import type { Model } from "../../src/models/model.ts";
import { D1Db } from "../../src/db/d1.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { tool } from "../../src/tools/tool.ts";

const model: Model = {
  id: "m",
  provider: "test",
  complete: async () => ({ content: "", toolCalls: [], usage: null }),
};
const named = (name: string) => tool({ name, parameters: z.object({}), execute: () => "" });
const clerk = new Agent({
  id: "clerk",
  name: "Clerk",
  description: "Files\nthings.",
  model,
  tools: [named("file")],
});
const cook = new Agent({ id: "cook", model });
const make = (options: Partial<TeamOptions> = {}) =>
  new Team({ id: "crew", model, members: [clerk, cook], ...options });

test("a team is an agent that leads: it has its own tools, and one by which it hands tasks to its members", () => {
  const crew = make({ tools: [named("pay")] });
  expect(crew).toMatchObject({ id: "crew", name: "crew", sourceType: "team" });
  expect([...crew.members.keys()]).toEqual(["clerk", "cook"]);
  expect([...crew.tools.keys()]).toEqual(["pay", delegationName]);
  expect(clerk).toMatchObject({ sourceType: "agent" });
  expect(clerk.members.size).toBe(0);
});

test("the leader is told each member on one line, and can name no other", () => {
  const outer = make({ id: "outer", members: [make({ tools: [named("pay")] }), cook] });
  const handing = make().tools.get(delegationName);
  expect(handing?.description.split("\n").slice(1)).toEqual([
    "- clerk (Clerk): Files things. Tools: file",
    "- cook",
  ]);
  expect(outer.tools.get(delegationName)?.description).toContain(
    "- crew: Tools: pay. Members: clerk, cook",
  );
  expect(handing?.jsonSchema).toMatchObject({
    properties: { member_id: { enum: ["clerk", "cook"] }, task: { type: "string" } },
    required: ["member_id", "task"],
  });
});

test.each<[string, Partial<TeamOptions>, string]>([
  ["no members", { members: [] }, "Team 'crew': 'members' is missing"],
  ["members that are none", { members: [{} as Agent] }, "every member must be an Agent or a Team"],
  ["two members of one id", { members: [clerk, clerk] }, "two members with the id 'clerk'"],
  ["a member with its own id", { members: [new Agent({ id: "crew", model })] }, "its own id"],
  ["a tool of the name that is taken", { tools: [named(delegationName)] }, delegationName],
  ["an id that cannot stand in a URL", { id: "a b" }, "Team id 'a b' cannot stand in a URL"],
  [
    "two tools of one name",
    { tools: [named("a"), named("a")] },
    "Team 'crew' has two tools named 'a'",
  ],
])("a team with %s is refused", (_, options, message) => {
  expect(() => make(options)).toThrow(TypeError);
  expect(() => make(options)).toThrow(message);
});

test("an AgentOS refuses an agent among teams, a team among agents, and one id for two, wherever in a team they are", () => {
  const db = new D1Db({ binding: "DB" });
  expect(() => new AgentOS({ agents: [make()], db })).toThrow("'crew' is no agent");
  expect(() => new AgentOS({ teams: [cook as Team], db })).toThrow("'cook' is no team");
  const other = new Agent({ id: "clerk", model });
  expect(() => new AgentOS({ agents: [other], teams: [make()], db })).toThrow(
    "'clerk' is used twice",
  );
  expect(() => new AgentOS({ agents: [clerk], teams: [make()], db })).not.toThrow();
});

test("a member's gated tool needs a database as an agent's does", () => {
  const gated = tool({
    name: "pay",
    parameters: z.object({}),
    execute: () => "",
    requiresConfirmation: true,
  });
  const payer = new Agent({ id: "payer", model, tools: [gated] });
  expect(() => new AgentOS({ teams: [make({ members: [payer] })] })).toThrow(
    "'payer' has the gated tool 'pay'",
  );
});
