import type { Child } from "hono/jsx";
import type { RunStatus } from "../../approval/record.ts";
import { phrase } from "../phrase.ts";

type Wrap = (text: string) => Child;

/** The list of runs. */
export const runs = {
  title: "Runs",
  statuses: {
    PENDING: "starting",
    RUNNING: "running",
    PAUSED: "waiting for a person",
    COMPLETED: "completed",
    CANCELLED: "cancelled",
    ERROR: "failed",
  } satisfies Record<RunStatus, string>,
  any: "Any",
  filter: "Filter",
  forTeam: (team: string) => ` for ${team}`,
  noneYet: "None of those looked at so far fits. Older ones may.",
  noOlder: "There are no older runs.",
  noFit: "No run fits.",
  seeAll: "See all of them",
  none: (toTry: Wrap) =>
    phrase`There is no run yet. ${toTry("Try an agent")}, or start one over the API: it is listed here at once.`,
};

/** The page of one. */
export const run = {
  title: (name: string) => `Run of ${name}`,
  held: "(held, see above)",
  follows: "(this page follows it)",
  conversation: "Conversation",
  user: "User",
  task: "Task, from the team's leader",
  cancelHint: "Cancelling ends the run for good, with everything that waits in it.",
  cancel: "Cancel this run",
  members: "Members at work for it",
  aMember: "A member",
  unanswered: "has not answered yet",
  answered: "answered",
  worksFor: "Works for",
  teamRun: "the run of its team",
  for: "For",
  started: "Started",
  session: "Session",
  cancelled: "The run was cancelled.",
  failed: "Why it failed",
  final: "Final answer",
  by: (name: string) => `Written by ${name}, not by a person:`,
  theAgent: "(the agent, not a person)",
  calls: (tool: string) => `Calls ${tool}`,
  running: "has not ended",
  failedCall: "did not succeed",
  succeeded: "succeeded",
  told: "What the agent was told of it:",
  record: "Its record",
  approval: "Its approval",
  memberRun: "The member's run",
};

/** What a run waits for. */
export const waits = {
  title: "What it waits for",
  of: (member: string) => ` of ${member}`,
  decide: "Look at it and decide",
  byUserOrYou:
    "The run's own user answers this, where they talk with the agent, or you do it here for them.",
  byUserLater: "The run's own user answers this, once the approvals are decided.",
  byUser: "The run's own user answers this, where they talk with the agent.",
  inMember: "The member's run has all of it",
  problem: (problem: string) => `${problem} Nothing was answered.`,
  gone: "The call does not wait for an answer.",
  gated: "An approval decides on this call.",
};

/** Where a run begins. */
export const tryIt = {
  title: "Try it",
  none: "There is no agent or team that you may run here. Agents are given to AgentOS in code, and whoever runs one needs its scopes to run and to read.",
  runnables: "Agents and teams",
  kinds: { agent: "agent", team: "team" },
  message: (name: string) => `Message to ${name}`,
  examples: "Examples to begin with:",
  userHint: "(for whom it is; may be left empty)",
  start: "Start the run",
  ungated: "None of its tools waits for a person.",
  gated: (tools: string) =>
    `It stops for a person's approval before it calls ${tools}. The run's page leads there.`,
  seeBelow: "Nothing was started: see below.",
  problem: (problem: string) => `Nothing was started. ${problem}`,
};
