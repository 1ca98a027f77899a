import type { Agent } from "../agent/agent.ts";
import { delegationName } from "../agent/team.ts";
import type { Requirement } from "../approval/record.ts";
import { isGated, type Tool } from "../tools/tool.ts";
import { isFor, maxResultBytes, type UserAnswer } from "./answer.ts";
import type { Entry, Refusals } from "./entry.ts";
import { newRunId } from "./ids.ts";
import type { Report, StartMessage } from "./messages.ts";
import { ended } from "./question.ts";
import { endedWith } from "./reply.ts";
import {
  type CallState,
  currentCalls,
  isOver,
  type MemberState,
  pendingApprovals,
  type RunState,
  statusOf,
} from "./state.ts";
import { requirements } from "./view.ts";

/** The most characters of what a member waits for that its team keeps; the approvals themselves stay with the member. */
const maxWaitsLength = 512 * 1024;

/** As many of them at most: without their arguments they still take some room. */
const maxWaits = 512;
/** The same for all of its members: a team's run goes whole to whoever reads it. */
const maxAllWaitsLength = 4 * 1024 * 1024;
/** The most characters that a team keeps of what people said against calls in one member's run, and of each where there are many. */
const maxSaidLength = 128 * 1024;
const leastSaidLength = 100;

/** Whether a call of this tool hands a task to a member, rather than executing anything. */
export function isDelegation(agent: Agent, tool: Tool): boolean {
  return agent.members.size > 0 && tool.name === delegationName;
}

/** Whether anybody in the team, from this one down, has to ask before a tool of this name is called. */
export function asksBefore(agent: Agent, toolName: string): boolean {
  const tool = agent.tools.get(toolName);
  return (
    (tool !== undefined && isGated(tool)) ||
    [...agent.members.values()].some((member) => asksBefore(member, toolName))
  );
}

/** The call's task goes to the member that it names. */
export function delegate(call: CallState, agent: Agent): Entry[] {
  const member = agent.members.get(String(call.args?.["member_id"]));
  if (member === undefined)
    return [ended(call, "refused", "There is no such member in the team any more.")];
  return [
    {
      kind: "call_delegated",
      callId: call.id,
      memberId: member.id,
      memberName: member.name,
      // A function of the call: whoever starts it again starts the same run.
      memberRunId: newRunId(`member\n${call.id}`),
    },
  ];
}

/** What starts the run of the member that this call was handed to. */
export function startOf(state: RunState, call: CallState): Omit<StartMessage, "v"> | null {
  const { member } = call;
  if (member === null) return null;
  const above = { runId: state.id, teamId: state.agentId, teamName: state.agentName };
  const { callbackUrl, local, requestedBy, requester, schedule, sessionId, userId } = state;
  return {
    runId: member.runId,
    agentId: member.id,
    member: { callId: call.id, ancestors: [...(state.member?.ancestors ?? []), above] },
    sessionId,
    userId,
    requestedBy,
    ...(requester !== undefined && { requester }),
    message: String(call.args?.["task"]),
    fingerprint: call.id,
    local,
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...(schedule !== undefined && { schedule }),
    unattended: false,
    waitMs: 0,
  };
}

/** Where a member's run stands, as its team is told. */
export function reportOf(state: RunState, tools: ReadonlyMap<string, Tool>): Report {
  return {
    version: state.seq,
    status: statusOf(state),
    result: state.ended === null ? null : resultOf(state),
    waits: abridged(requirements(state, tools), maxWaitsLength),
    refusals: clipped(state),
  };
}

/** What the team's run makes of a member's report; nothing where it knew. */
export function hear(
  state: RunState,
  { callId, memberRunId, report }: { callId: string; memberRunId: string; report: Report },
): Entry[] {
  const call = state.calls.get(callId);
  const member = call?.member ?? null;
  if (call === undefined || member?.runId !== memberRunId || report.version <= member.version)
    return [];
  const { refusals, result, status, version, waits } = report;
  const news = refusals.filter(([question]) => !state.refusals.has(question));
  const told: Entry = {
    kind: "member_told",
    callId,
    version,
    status,
    waits: newWaits(state, call, waits),
    refusals: news,
  };
  if (call.phase !== "delegated" || !isOver(status)) return [told];
  const outcome =
    status === "COMPLETED" ? "succeeded" : status === "CANCELLED" ? "cancelled" : "failed";
  return [told, endedWith(state, call, outcome, result ?? "")];
}

/** The member's answer, with what it cannot be trusted to say by itself: which calls people turned down. */
function resultOf(state: RunState): string {
  const { content, status } = state.ended ?? { content: "", status: "ERROR" };
  const said =
    status === "COMPLETED"
      ? content
      : status === "CANCELLED"
        ? `The run of '${state.agentName}' was cancelled before it had an answer.`
        : `'${state.agentName}' failed: ${content}`;
  const undone = [...state.refusals.values()]
    .filter(({ answer }) => !said.includes(answer))
    .map(({ answer, toolName }) => `${toolName} was not executed. ${answer}`);
  return clip([said, ...new Set(undone)].join("\n"), maxResultBytes / 4);
}

/** Each question, and what was said of it, as long as all of that fits into a row of the team's. */
function clipped({ refusals }: RunState): Refusals {
  let left = maxSaidLength;
  return [...refusals].map(([question, { answer, toolName }]) => {
    const said = clip(answer, Math.max(leastSaidLength, left));
    left -= said.length;
    return [question, { toolName, answer: said }];
  });
}

function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).toWellFormed()}… (${text.length - length} more characters were left out)`;
}

/** What a member waits for, as its team keeps it beside what the others wait for. */
function newWaits(
  state: RunState,
  call: CallState,
  waits: Requirement[],
): (Requirement | string)[] {
  const others = openMembers(state).flatMap(({ id, member }) =>
    id === call.id ? [] : (member?.waits ?? []),
  );
  const left = others.reduce((sum, wait) => sum - JSON.stringify(wait).length, maxAllWaitsLength);
  const before = new Map(call.member?.waits.map((wait) => [wait.id, JSON.stringify(wait)]));
  return abridged(waits, left).map((wait) =>
    before.get(wait.id) === JSON.stringify(wait) ? wait.id : wait,
  );
}

/**
 * Without the arguments of those that would make it too much: each names its approval, which has them. Of very many, those that
 * wait for approvals come first, because nobody else may answer before.
 */
function abridged(waits: Requirement[], maxLength: number): Requirement[] {
  let length = 0;
  const asks = ({ tool_execution: { approval_id } }: Requirement) => (approval_id === null ? 1 : 0);
  const first = waits.length > maxWaits ? waits.toSorted((a, b) => asks(a) - asks(b)) : waits;
  return first.slice(0, maxWaits).map((wait) => {
    length += JSON.stringify(wait).length;
    if (length <= maxLength) return wait;
    const { tool_execution: execution } = wait;
    return {
      ...wait,
      tool_execution: { ...execution, tool_args: {}, user_input_schema: null, is_abridged: true },
    };
  });
}

/** The calls whose members have not told their end. */
export function openMembers(state: RunState): CallState[] {
  return [...state.calls.values()].filter(
    ({ member, phase }) => member !== null && (phase === "delegated" || !isOver(member.status)),
  );
}

/** Whether somebody who may approve has to decide before the run's own user may say anything, here or in a member's run. */
export function waitsForApproval(state: RunState): boolean {
  const below = openMembers(state).flatMap(({ member }) => member?.waits ?? []);
  return (
    pendingApprovals(state).length > 0 ||
    below.some(({ tool_execution: { approval_id } }) => approval_id !== null)
  );
}

/** The answers that are meant for members, each for the one whose requirement it names, or whose call alone has its id. */
export function passedOn(
  state: RunState,
  { answers, requestId = "" }: { answers: readonly UserAnswer[]; requestId?: string },
): { member: MemberState; answers: UserAnswer[] }[] {
  const own = currentCalls(state).filter(
    ({ answeredBy, approvalId, phase }) =>
      answeredBy.includes(requestId) || (phase === "waiting" && approvalId === null),
  );
  const members = openMembers(state).flatMap(({ member, phase }) =>
    member === null || phase !== "delegated" ? [] : [member],
  );
  return members.flatMap((member) => {
    const meant = answers.filter((answer) => {
      if (own.some((call) => isFor(answer, call, state.id))) return false;
      const asked = members.filter(({ runId, waits }) =>
        waits.some((wait) => isMeant(answer, wait, runId)),
      );
      return asked.length === 1 && asked[0] === member;
    });
    return meant.length === 0 ? [] : [{ member, answers: meant }];
  });
}

function isMeant(answer: UserAnswer, wait: Requirement, memberRunId: string): boolean {
  const requirement = answer.id ?? null;
  if (requirement !== null) return requirement === wait.id;
  const runId = wait.member_run_id ?? memberRunId;
  if ((answer.member_run_id ?? runId) !== runId) return false;
  return answer.tool_call_id === wait.tool_execution.tool_call_id;
}
