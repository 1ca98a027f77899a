import type {
  ApprovalRecord,
  Requirement,
  RunStatus,
  ToolExecution,
  UserInputField,
} from "../approval/record.ts";
import { noteOf } from "../approval/decision.ts";
import { parseStrictJson } from "../tools/json.ts";
import type { Tool } from "../tools/tool.ts";
import type { Membership } from "./entry.ts";
import { masked, maskedData, maskedText, secretsOf, shownHash, unsaid } from "./secrets.ts";
import { askedFields } from "./question.ts";
import {
  type ApprovalState,
  type CallState,
  known,
  parentOf,
  rootOf,
  type RunState,
  statusOf,
} from "./state.ts";

/** A run as callers see it. `created_at` is in epoch seconds. */
export interface RunView {
  run_id: string;
  session_id: string;
  /** Null for a team's. */
  agent_id: string | null;
  user_id: string | null;
  status: RunStatus;
  content: string | null;
  tools: ToolExecution[];
  requirements: Requirement[];
  messages: MessageView[];
  created_at: number;
  /** The team whose run it is, or the one that it is a member's run of. */
  team_id: string | null;
  /** The run of the team that handed over the task; null where none did. */
  parent_run_id: string | null;
  /** The authenticated principal that started the run, or that of its team. */
  requested_by: string;
  /** The schedule that started it, and which of its times; null where none did. */
  schedule_id: string | null;
  schedule_run_id: string | null;
}

export interface MessageView {
  role: "user" | "assistant" | "tool";
  content: string;
  tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  tool_name?: string;
}

export function runView(state: RunState, tools: ReadonlyMap<string, Tool>): RunView {
  const calls = [...state.calls.values()];
  return {
    run_id: state.id,
    session_id: state.sessionId,
    agent_id: state.isTeam ? null : state.agentId,
    user_id: state.userId,
    status: statusOf(state),
    content: state.ended === null ? (state.steps.at(-1)?.content ?? null) : state.ended.content,
    tools: calls.map((call) => toolExecution(state, call, tools)),
    requirements: requirements(state, tools),
    messages: transcript(state, (call) => maskedText(call, secretsOf(state, call, tools))),
    created_at: seconds(state.createdAtMs),
    team_id: namesOf(state).team_id,
    parent_run_id: parentOf(state)?.runId ?? null,
    requested_by: state.requestedBy,
    ...scheduleOf(state),
  };
}

/** The schedule that a run was started by, or that of its team, and which of its times. */
function scheduleOf({ schedule }: RunState): Pick<RunView, "schedule_id" | "schedule_run_id"> {
  return { schedule_id: schedule?.scheduleId ?? null, schedule_run_id: schedule?.id ?? null };
}

/** The agent and the team that a run, or an approval in it, is of. */
export function namesOf(state: RunState): { agent_id: string | null; team_id: string | null } {
  return state.isTeam
    ? { agent_id: null, team_id: state.agentId }
    : { agent_id: state.agentId, team_id: parentOf(state)?.teamId ?? null };
}

/** The calls that wait for a person, those of members included. */
export function requirements(state: RunState, tools: ReadonlyMap<string, Tool>): Requirement[] {
  return [...state.calls.values()].flatMap((call) => {
    if (call.phase === "waiting") return [requirement(state, call, tools)];
    const { member, phase } = call;
    if (member === null || phase !== "delegated") return [];
    const of = {
      member_agent_id: member.id,
      member_agent_name: member.name,
      member_run_id: member.runId,
    };
    return member.waits.map((wait) => ({ ...of, ...wait }));
  });
}

/** The conversation so far; `textOf` gives a call's arguments as its reader may see them: the model sees what it wrote. */
export function transcript(
  state: RunState,
  textOf = (call: CallState): string => call.rawArguments,
): MessageView[] {
  const messages: MessageView[] = [{ role: "user", content: state.message }];
  for (const step of state.steps) {
    if (step.phase !== "done") continue;
    const calls = step.callIds.map((id) => known(state.calls, id));
    messages.push({
      role: "assistant",
      content: step.content,
      ...(calls.length > 0 && {
        tool_calls: calls.map((call) => ({
          id: call.toolCallId,
          type: "function" as const,
          function: { name: call.toolName, arguments: textOf(call) },
        })),
      }),
    });
    for (const call of calls) {
      if (call.phase !== "ended") continue;
      messages.push({
        role: "tool",
        content: call.result ?? "",
        tool_call_id: call.toolCallId,
        tool_name: call.toolName,
      });
    }
  }
  return messages;
}

export function toolExecution(
  state: RunState,
  call: CallState,
  tools: ReadonlyMap<string, Tool>,
): ToolExecution {
  const approval = approvalOf(state, call);
  const type = approval?.type ?? null;
  const pauses = call.pauseType;
  const secrets = secretsOf(state, call, tools);
  return {
    tool_call_id: call.toolCallId,
    tool_name: call.toolName,
    tool_args: masked(call.args ?? {}, secrets),
    tool_call_error: call.outcome === null ? null : call.outcome !== "succeeded",
    result: call.result,
    requires_confirmation: pauses === "confirmation",
    confirmed: call.confirmed,
    confirmation_note: call.note,
    requires_user_input: pauses === "user_input",
    user_input_schema:
      pauses === "user_input" ? inputSchema(state, call, tools.get(call.toolName), secrets) : null,
    answered: pauses === "user_input" ? call.confirmed === true : null,
    external_execution_required: pauses === "external_execution",
    approval_type: type,
    approval_id: approval?.id ?? null,
    created_at: seconds(call.createdAtMs),
    child_run_id: call.member?.runId ?? null,
  };
}

/** The approval as callers see it. */
export function approvalRecord(
  state: RunState,
  approval: ApprovalState,
  tools: ReadonlyMap<string, Tool>,
): ApprovalRecord {
  const call = known(state.calls, approval.callId);
  const execution = toolExecution(state, call, tools);
  const secrets = secretsOf(state, call, tools, approval);
  const asked = masked(approval.args, secrets);
  return {
    id: approval.id,
    run_id: state.id,
    session_id: state.sessionId,
    status: approval.status,
    source_type: state.isTeam ? "team" : "agent",
    approval_type: approval.type,
    pause_type: approval.pauseType,
    tool_name: call.toolName,
    tool_args: approval.approvedArgs === null ? asked : masked(approval.approvedArgs, secrets),
    expires_at: approval.expiresAtMs === null ? null : seconds(approval.expiresAtMs),
    ...namesOf(state),
    workflow_id: null,
    user_id: state.userId,
    ...scheduleOf(state),
    source_name: state.agentName,
    requirements: [
      {
        id: approval.key,
        created_at: new Date(approval.createdAtMs).toISOString(),
        tool_execution: {
          ...execution,
          ...answerOf(approval),
          tool_args: asked,
          approval_id: approval.id,
          approval_type: approval.type,
        },
      },
    ],
    context: {
      tool_names: [call.toolName],
      source_name: state.agentName,
      ...(approval.reason !== null && { reason: approval.reason }),
      ...(approval.approvedArgs !== null && { requested_args: asked }),
      ...(state.member !== null && { lineage: lineageOf(state, state.member) }),
    },
    resolution_data: maskedData(approval.data, secrets),
    resolved_by: approval.resolvedBy,
    resolved_at: approval.resolvedAtMs === null ? null : seconds(approval.resolvedAtMs),
    created_at: seconds(approval.createdAtMs),
    updated_at: seconds(approval.updatedAtMs),
    run_status: statusOf(state),
    root_run_id: rootOf(state),
    requested_by: state.requestedBy,
    call_id: approval.key,
    args_hash: shownHash(state, approval.argsHash, secrets),
    call_outcome: outcomeFor(state, approval, call),
    policy: policyView(approval),
    votes: approval.votes.map(({ by, status, argsHash, atMs, data }) => ({
      by,
      status,
      at: seconds(atMs),
      args_hash: shownHash(state, argsHash, secrets),
      note: noteOf(data),
    })),
    preview: approval.preview,
  };
}

/** What the model said when it asked for the call that the approval is about, without what nobody is shown. */
export function claimOf(
  state: RunState,
  { callId }: ApprovalState,
  tools: ReadonlyMap<string, Tool>,
): string {
  const call = known(state.calls, callId);
  const said = state.steps.find(({ n }) => n === call.step)?.content ?? "";
  return unsaid(said, call, secretsOf(state, call, tools));
}

/** What is asked of those who decide, and whom it has come to by now. */
function policyView({
  escalatedAtMs,
  escalatedTo,
  remindedAtMs,
  rules,
}: ApprovalState): ApprovalRecord["policy"] {
  return {
    approvers: rules.approvers,
    quorum: rules.quorum,
    allow_self: rules.allowSelf,
    edit: rules.edit,
    reasons: rules.reasons,
    risk: rules.risk,
    min_assurance: rules.minAssurance,
    on_expire: rules.onExpire,
    escalated_to: [...escalatedTo],
    escalate: rules.escalate.map(({ afterMs, to }) => ({ after: seconds(afterMs), to })),
    escalated_at: escalatedAtMs.map(seconds),
    remind: rules.remindAfterMs.map(seconds),
    reminded_at: remindedAtMs.map(seconds),
    secret: rules.secret,
  };
}

/** From the team at the top down to the run itself. */
function lineageOf(state: RunState, { ancestors }: Membership): Record<string, string>[] {
  const own = { type: state.isTeam ? "team" : "agent", id: state.agentId, name: state.agentName };
  return [
    ...ancestors.map(({ runId, teamId, teamName }) => ({
      type: "team",
      id: teamId,
      name: teamName,
      run_id: runId,
    })),
    { ...own, run_id: state.id },
  ];
}

/** What was answered here, whatever was asked of the same call since. */
function answerOf({ data, status, type }: ApprovalState): Partial<ToolExecution> {
  // An audit record decides nothing: it says what was said of the call, if anything was.
  if (type === "audit") return {};
  const answered = status === "approved" || status === "rejected";
  return {
    confirmed: answered ? status === "approved" : null,
    confirmation_note: answered ? noteOf(data) : null,
  };
}

/** An approval that was followed by another for the same call speaks of its own attempt, which nobody saw the end of. */
function outcomeFor(
  state: RunState,
  approval: ApprovalState,
  call: CallState,
): ApprovalRecord["call_outcome"] {
  if (approval.type === "audit") return call.outcome;
  const last = [...state.approvals.values()].findLast(
    ({ callId, type }) => callId === call.id && type === "required",
  );
  if (last === approval) return call.outcome;
  return approval.consumedBy === null ? "refused" : "unknown";
}

function requirement(
  state: RunState,
  call: CallState,
  tools: ReadonlyMap<string, Tool>,
): Requirement {
  const approval = approvalOf(state, call);
  return {
    id: call.key,
    created_at: new Date(approval?.createdAtMs ?? call.createdAtMs).toISOString(),
    tool_execution: toolExecution(state, call, tools),
  };
}

function approvalOf(state: RunState, call: CallState): ApprovalState | undefined {
  if (call.approvalId !== null) return state.approvals.get(call.approvalId);
  // Nothing is asked of it: an audit record is all that it may have.
  return [...state.approvals.values()].find(
    ({ callId, type }) => callId === call.id && type === "audit",
  );
}

function inputSchema(
  state: RunState,
  call: CallState,
  tool: Tool | undefined,
  secrets: readonly string[],
): UserInputField[] {
  const args = masked(call.args ?? {}, secrets);
  const isOpen = isUnanswered(state, call);
  const given = isOpen ? writtenNames(call) : [];
  return askedFields(call, tool).map(({ name, field_type, description, required, schema }) => {
    const value: unknown = args[name] ?? null;
    const isDefault = value !== null && isOpen && !given.includes(name);
    const mark = isDefault ? { is_default: true as const } : {};
    return { name, field_type, description, value, required, schema, ...mark };
  });
}

/** Whether nobody has filled the call in yet, now or when it was asked about before. */
function isUnanswered({ approvals }: RunState, { answeredAs, confirmed, id }: CallState): boolean {
  const asked = [...approvals.values()].filter(({ callId }) => callId === id);
  return confirmed === null && answeredAs === null && asked.length <= 1;
}

/** The arguments that the model wrote; what else there is the tool has added. */
function writtenNames({ rawArguments }: CallState): string[] {
  try {
    return Object.keys(parseStrictJson(rawArguments) as object);
  } catch {
    // Nothing, in place of an empty object.
    return [];
  }
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
