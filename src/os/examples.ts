import type { ApprovalRecord, Requirement, ToolExecution } from "../approval/record.ts";
import type { RunEvent } from "../run/events.ts";
import type { RunView } from "../run/view.ts";
import { delegationName } from "../agent/team.ts";

const runId = "run_00pvrtcx1rx4gm9n4jatgb267m60p118";
const approvalId = "apr_00pvrtcx1rx4gm9n4jatgb267m600005n3x";
const callId = `${runId}.1.0`;
const createdAt = 1795644390;
const tool = "delete_user_data";
const toolArgs = { user_id: "u-42" };
const whose = { run_id: runId, session_id: "support-7" };

/** One story, which the reference tells throughout: mia asks for a deletion, and ann decides. */
export const exampleCall: ToolExecution = {
  tool_call_id: "call_1",
  tool_name: tool,
  tool_args: toolArgs,
  tool_call_error: null,
  result: null,
  requires_confirmation: true,
  confirmed: null,
  confirmation_note: null,
  requires_user_input: false,
  user_input_schema: null,
  answered: null,
  external_execution_required: false,
  approval_type: "required",
  approval_id: approvalId,
  child_run_id: null,
  created_at: createdAt,
};

export const exampleRequirement: Requirement = {
  id: callId,
  created_at: new Date(createdAt * 1000).toISOString(),
  tool_execution: exampleCall,
};

/** The user's wish, and the call that the model makes of it. */
function messagesOf(name: string, args: Record<string, string>): RunView["messages"] {
  return [
    { role: "user", content: "Please delete user u-42" },
    {
      role: "assistant",
      content: "",
      tool_calls: [
        { id: "call_1", type: "function", function: { name, arguments: JSON.stringify(args) } },
      ],
    },
  ];
}

export const exampleRun: RunView = {
  ...whose,
  agent_id: "data-manager",
  user_id: "mia",
  requested_by: "root",
  schedule_id: null,
  schedule_run_id: null,
  status: "PAUSED",
  content: "",
  tools: [exampleCall],
  requirements: [exampleRequirement],
  messages: messagesOf(tool, toolArgs),
  created_at: createdAt,
  team_id: null,
  parent_run_id: null,
};

const teamRunId = "run_002xjft62c3kvkkde1hkk9jr1pcgejwa";
const memberRunId = "run_00v0p1sfr7mj1fcrj5r1ah264v3wzdgw";
const task = { member_id: "data-manager", task: "Delete user u-42" };

const exampleDelegation: ToolExecution = {
  ...exampleCall,
  tool_name: delegationName,
  tool_args: task,
  requires_confirmation: false,
  approval_type: null,
  approval_id: null,
  child_run_id: memberRunId,
};

/** The same, asked of a team, whose leader handed it to the agent. */
export const exampleTeamRun: RunView = {
  ...exampleRun,
  run_id: teamRunId,
  agent_id: null,
  team_id: "support-team",
  tools: [exampleDelegation],
  requirements: [
    {
      id: `${memberRunId}.1.0`,
      created_at: exampleRequirement.created_at,
      member_agent_id: "data-manager",
      member_agent_name: "Data Manager",
      member_run_id: memberRunId,
      tool_execution: {
        ...exampleCall,
        approval_id: "apr_00v0p1sfr7mj1fcrj5r1ah264v3w00096jc",
      },
    },
  ],
  messages: messagesOf(delegationName, task),
};

export const exampleApproval: ApprovalRecord = {
  id: approvalId,
  ...whose,
  status: "pending",
  source_type: "agent",
  approval_type: "required",
  pause_type: "confirmation",
  tool_name: tool,
  tool_args: toolArgs,
  expires_at: createdAt + 7 * 86_400,
  agent_id: "data-manager",
  team_id: null,
  workflow_id: null,
  user_id: "mia",
  schedule_id: null,
  schedule_run_id: null,
  source_name: "Data Manager",
  requirements: [exampleRequirement],
  context: { tool_names: [tool], source_name: "Data Manager" },
  resolution_data: null,
  resolved_by: null,
  resolved_at: null,
  created_at: createdAt,
  updated_at: createdAt,
  run_status: "PAUSED",
  root_run_id: runId,
  requested_by: "root",
  call_id: callId,
  args_hash: "3c00167192a87f130246bc915df4701bdcb1ed9fa65d36e5346630fba3420dd0",
  call_outcome: null,
  policy: {
    approvers: ["group:finance"],
    quorum: { approve: 1, reject: 1 },
    allow_self: false,
    edit: [],
    reasons: null,
    risk: "high",
    min_assurance: null,
    on_expire: "reject",
    escalated_to: [],
    escalate: [{ after: 1800, to: ["group:finance-leads"] }],
    escalated_at: [],
    remind: [900],
    reminded_at: [],
    secret: [],
  },
  votes: [],
  preview: null,
};

const decision = { status: "approved", resolved_by: "ann@example.com" } as const;
const resolvedAt = createdAt + 60;

export const exampleDecided: ApprovalRecord = {
  ...exampleApproval,
  ...decision,
  resolved_at: resolvedAt,
  updated_at: resolvedAt,
  run_status: "RUNNING",
  requirements: [{ ...exampleRequirement, tool_execution: { ...exampleCall, confirmed: true } }],
};

const agentName = { agent_id: "data-manager", agent_name: "Data Manager" };
const ofAgent = { ...agentName, ...whose };
const ofTeam = { team_id: "support-team", team_name: "Support Team", ...whose, run_id: teamRunId };
const ofMember = { ...agentName, ...whose, run_id: memberRunId, parent_run_id: teamRunId };

export const exampleEvents: readonly RunEvent[] = [
  event("RunStarted", ofAgent, { event_index: 0 }),
  event("RunPaused", ofAgent, {
    content: "",
    tools: [exampleCall],
    requirements: [exampleRequirement],
    event_index: 1,
  }),
];

/** As far as the member's first event, which stands among those of its team. */
export const exampleTeamEvents: readonly RunEvent[] = [
  event("TeamRunStarted", ofTeam, { event_index: 0 }),
  event("TeamToolCallStarted", ofTeam, { tool: exampleDelegation, event_index: 1 }),
  event("RunStarted", ofMember, { member_event_index: 0 }),
];

function event(
  name: string,
  of: Pick<RunEvent, "run_id" | "session_id">,
  fields: Record<string, unknown>,
): RunEvent {
  return { event: name, created_at: createdAt, ...of, ...fields };
}
