import type { JsonSchema } from "./schema.ts";

/** What the demo model reads of a tool. */
export interface DemoTool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

/** Who or what can take a part of the message: a tool, or a member of a team. */
export interface Taker {
  tool: DemoTool;
  /** The member that the tool would delegate to. */
  memberId?: string;
  /** Words that count for more. */
  names: string;
  description: string;
}

const delegation = "delegate_task_to_member";

/** The members that one of the tools delegates to, by the lines of its description, and then all other tools. */
export function takersAmong(tools: readonly DemoTool[]): Taker[] {
  const own = tools.filter(({ name }) => name !== delegation);
  return [
    ...tools.filter((tool) => !own.includes(tool)).flatMap(membersOf),
    ...own.map((tool) => ({ tool, names: tool.name, description: tool.description })),
  ];
}

/** What a tool returned, or a member answered, who may be a demo model as well. */
export function outcomeOf(call: { name: string; arguments: string }, result: string): string {
  const member = call.name === delegation && /"member_id":\s*"([^"]+)"/.exec(call.arguments)?.[1];
  return member
    ? `${member} answered: ${result.replace(/^\[demo model\] /, "")}`
    : `${call.name} returned: ${result}`;
}

/** Lines such as "- data-manager (Data Manager): Looks after data. Tools: delete user data". */
function membersOf(tool: DemoTool): Taker[] {
  const ids = tool.parameters.properties?.["member_id"]?.enum;
  const lines = tool.description.matchAll(
    /^\s*- (?<id>\S+?)(?: \((?<name>.*?)\))?:(?<about>.*?)(?:\bTools:(?<tools>.*))?$/gm,
  );
  return [...lines].flatMap(({ groups: { id = "", name = "", about = "", tools = "" } = {} }) =>
    ids === undefined || ids.includes(id)
      ? [{ tool, memberId: id, names: `${id} ${name} ${tools}`, description: about }]
      : [],
  );
}
