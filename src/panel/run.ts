import type { Requirement, RunStatus, ToolExecution } from "../approval/record.ts";

/** A run as its page shows it. `created_at` is in epoch seconds. */
export interface ShownRun {
  run_id: string;
  session_id: string;
  agent_id: string | null;
  team_id: string | null;
  parent_run_id: string | null;
  user_id: string | null;
  requested_by: string;
  /** The schedule that it is of; null where it is of none. */
  schedule_id: string | null;
  status: RunStatus;
  content: string | null;
  tools: readonly ToolExecution[];
  requirements: readonly Requirement[];
  messages: readonly Message[];
  created_at: number;
}

interface Message {
  role: "user" | "assistant" | "tool";
  content: string;
  tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
}

/** A step of the agent's: what it said, and the calls that it asked for. */
interface Turn {
  content: string;
  calls: Call[];
}

export interface Call {
  name: string;
  /** As the model wrote them. */
  args: string;
  /** What became of it. */
  execution: ToolExecution | undefined;
}

export function isMoving({ status }: Pick<ShownRun, "status">): boolean {
  return status === "PENDING" || status === "RUNNING";
}

export function hasEnded({ status }: Pick<ShownRun, "status">): boolean {
  return status === "COMPLETED" || status === "CANCELLED" || status === "ERROR";
}

/** What the agent has said so far, without the final answer, which is shown by itself. */
export function turnsOf(run: ShownRun): Turn[] {
  // A model may give two calls the same id: they are told apart by their order, which is that of the run's tools.
  let n = 0;
  const turns = run.messages
    .filter(({ role }) => role === "assistant")
    .map(({ content, tool_calls = [] }) => ({
      content,
      calls: tool_calls.map(({ function: { arguments: args, name }, id }) => {
        const execution = run.tools[n++];
        return { name, args, execution: execution?.tool_call_id === id ? execution : undefined };
      }),
    }));
  const last = turns.at(-1);
  const isAnswer = run.status === "COMPLETED" && last?.calls.length === 0;
  return isAnswer && last?.content === run.content ? turns.slice(0, -1) : turns;
}

/** The calls that were handed to members of the team. */
export function handedOver({ tools }: ShownRun): (ToolExecution & { child_run_id: string })[] {
  return tools.filter((tool): tool is ToolExecution & { child_run_id: string } => {
    return tool.child_run_id !== null;
  });
}
