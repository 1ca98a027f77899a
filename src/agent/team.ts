import { z } from "zod";
import { type Tool, tool } from "../tools/tool.ts";
import { Agent, type AgentOptions } from "./agent.ts";

export interface TeamOptions extends AgentOptions {
  /** Agents and teams that the leader hands tasks to, each with an id of its own. */
  members: readonly Agent[];
}

/**
 * A team: a leader, which is asked first and answers last, and the members that it hands tasks to by a tool call. A member
 * works in a run of its own. Throws a TypeError that names what is wrong.
 */
export class Team extends Agent {
  override readonly sourceType = "team";
  override readonly members: ReadonlyMap<string, Agent>;

  constructor(options: TeamOptions) {
    super(options, "Team", delegation(options));
    this.members = new Map(options.members.map((member) => [member.id, member]));
  }
}

/** The tool by which a leader hands a task to a member; the run's object carries it out. */
export const delegationName = "delegate_task_to_member";

function delegation({ id, members, tools = [] }: TeamOptions): Tool {
  if (!Array.isArray(members) || members.length === 0)
    throw new TypeError(`Team '${id}': 'members' is missing; give at least one agent or team.`);
  const ids = new Set<string>();
  for (const member of members) {
    if (!(member instanceof Agent))
      throw new TypeError(`Team '${id}': every member must be an Agent or a Team.`);
    if (ids.has(member.id))
      throw new TypeError(`Team '${id}' has two members with the id '${member.id}'.`);
    if (member.id === id) throw new TypeError(`Team '${id}' has a member with its own id.`);
    ids.add(member.id);
  }
  if (tools.some(({ name }) => name === delegationName)) {
    throw new TypeError(
      `Team '${id}': the name '${delegationName}' is taken by the tool that every team has.`,
    );
  }
  const list = members.map((member) => describe(member)).join("\n");
  return tool({
    name: delegationName,
    description:
      "Hand a task to a member of the team and get its answer. Members do not see this conversation: say in the task all " +
      `that the member needs to know. Members:\n${list}`,
    parameters: z.object({
      member_id: z.enum([...ids]).describe("The member's id."),
      task: z.string().describe("What the member shall do."),
    }),
    execute: () => {
      throw new Error("A task is handed to a member by the run's object.");
    },
  });
}

/** A member on one line, as the leader's model is told of it. */
function describe({ description, id, members, name, tools }: Agent): string {
  const own = [...tools.keys()].filter((tool) => tool !== delegationName);
  const about = [
    ...(description === null ? [] : [description]),
    ...(own.length > 0 ? [`Tools: ${own.join(", ")}`] : []),
    ...(members.size > 0 ? [`Members: ${[...members.keys()].join(", ")}`] : []),
  ].map((text) => text.trim().replace(/\.$/, ""));
  const line = [name === id ? id : `${id} (${name})`, about.join(". ")].filter(Boolean).join(": ");
  return `- ${line.replaceAll(/\s+/g, " ")}`;
}
