import type { Arguments } from "../agent/gate.ts";
import type {
  ApprovalStatus,
  ApprovalType,
  CallOutcome,
  PauseType,
  Requirement,
  RunStatus,
} from "../approval/record.ts";
import type { InputField } from "../tools/input-fields.ts";
import type { Vote } from "../approval/vote.ts";
import type { Rules } from "../tools/policy.ts";
import type { Effect } from "../tools/tool.ts";
import type { Ancestor, AskReason, Membership, Occasion, TurnedDown } from "./entry.ts";
import type { Exchange } from "./history.ts";

/** The run of the member that a call was handed to, as far as it has told. */
export interface MemberState {
  id: string;
  name: string;
  runId: string;
  /** 0 until it has told anything. */
  version: number;
  status: RunStatus;
  /** What it, or a member of its own, waits for. */
  waits: readonly Requirement[];
}

export interface CallState {
  id: string;
  step: number;
  toolCallId: string;
  toolName: string;
  rawArguments: string;
  args: Arguments | null;
  toolVersion: string | null;
  /** `delegated`: a member of the team is at it. */
  phase: "ready" | "waiting" | "running" | "delegated" | "ended";
  /** Null unless the call was handed to a member. */
  member: MemberState | null;
  pauseType: PauseType | null;
  /** What a person was asked to fill in; null where they were not, or nobody noted it. */
  inputFields: readonly InputField[] | null;
  /** The approval that the call waits for or runs under. */
  approvalId: string | null;
  /** What the tool knows the call by; a retry that a person allowed has a key of its own. */
  key: string;
  /** True, false: answered so by a person; null: not asked, or not answered. */
  confirmed: boolean | null;
  /** True where it was the run's own user who answered, not an approval. */
  userConfirmed: boolean;
  note: string | null;
  /** Who answered, where it was the run's own user. */
  answeredAs: string | null;
  /** The tool's policy asked for no approval of these arguments. */
  waived?: true;
  /** The arguments that nobody is shown, as its tool had it when it was asked for. */
  secret?: readonly string[];
  /** The tool was audited when it was asked for. */
  audited?: true;
  /** The requests by which the run's own user answered it: a call may be asked about more than once. */
  answeredBy: readonly string[];
  attempt: number;
  boot: string | null;
  effect: Effect | null;
  outcome: CallOutcome | null;
  result: string | null;
  createdAtMs: number;
}

export interface ApprovalState {
  id: string;
  callId: string;
  key: string;
  type: ApprovalType;
  pauseType: PauseType;
  status: ApprovalStatus;
  reason: AskReason | null;
  /** The arguments as they were asked about; `approvedArgs` where a person changed or completed them. */
  args: Arguments;
  approvedArgs: Arguments | null;
  argsHash: string;
  toolVersion: string;
  createdAtMs: number;
  updatedAtMs: number;
  expiresAtMs: number | null;
  useWithinMs: number;
  principal: string | null;
  resolvedBy: string | null;
  resolvedAtMs: number | null;
  data: Record<string, unknown> | null;
  /** The key of the call that used it up. */
  consumedBy: string | null;
  hidden: boolean;
  rules: Rules;
  preview: string | null;
  votes: readonly Vote[];
  /** When its approvers were reminded, and when others came to decide as well. */
  remindedAtMs: readonly number[];
  escalatedAtMs: readonly number[];
  escalatedTo: readonly string[];
  /** The journal row that changed it last. */
  seq: number;
}

export interface StepState {
  n: number;
  attempt: number;
  boot: string;
  phase: "open" | "failed" | "done";
  /** How often the model itself failed at this step; an instance that went away is no failure of the model's. */
  failures: number;
  retryAtMs: number | null;
  error: string | null;
  content: string;
  callIds: string[];
}

/** Everything that is true of a run, folded from its journal. Never changed in place. */
export interface RunState {
  id: string;
  agentId: string;
  agentName: string;
  isTeam: boolean;
  /** Null for a run that was not handed over by a team. */
  member: Membership | null;
  sessionId: string;
  userId: string | null;
  requestedBy: string;
  /** The names of who asked, by which they are known again; left out where none are known. */
  requester?: { aliases: string[] };
  message: string;
  history?: readonly Exchange[];
  fingerprint: string;
  local: boolean;
  callbackUrl?: string;
  schedule?: Occasion;
  createdAtMs: number;
  updatedAtMs: number;
  seq: number;
  steps: readonly StepState[];
  calls: ReadonlyMap<string, CallState>;
  approvals: ReadonlyMap<string, ApprovalState>;
  /** Questions that a person turned down in this run, or in a member's, and what the model was told. */
  refusals: ReadonlyMap<string, TurnedDown>;
  /** How much text the run holds, in characters: the message and its history, what the model said, and what tools returned. */
  size: number;
  ended: { status: "COMPLETED" | "CANCELLED" | "ERROR"; content: string } | null;
}

/** What callers are told of where the run stands. */
export function statusOf(state: RunState): RunStatus {
  if (state.ended !== null) return state.ended.status;
  if (state.steps.length === 0) return "PENDING";
  const open = [...state.calls.values()].filter(({ phase }) => phase !== "ended");
  return open.length > 0 && open.every(waitsForPeople) ? "PAUSED" : "RUNNING";
}

/** Whether nothing but people can move the call. */
function waitsForPeople({ member, phase }: CallState): boolean {
  return phase === "waiting" || (phase === "delegated" && member?.status === "PAUSED");
}

/** Whether the run itself has something to do: it neither rests nor only waits for members of its team. */
export function isAtWork(state: RunState): boolean {
  if (state.ended !== null) return false;
  const open = [...state.calls.values()].filter(({ phase }) => phase !== "ended");
  return open.length === 0 || open.some(({ phase }) => phase === "ready" || phase === "running");
}

/** Whether a run that stands so stays so. */
export function isOver(status: RunStatus): boolean {
  return status === "COMPLETED" || status === "CANCELLED" || status === "ERROR";
}

/** The run at the top of the team that this run belongs to, or the run itself. */
export function rootOf({ id, member }: RunState): string {
  return member?.ancestors[0]?.runId ?? id;
}

/** The team's run that handed this one its task; null where none did. */
export function parentOf({ member }: RunState): Ancestor | null {
  return member?.ancestors.at(-1) ?? null;
}

/** Whether the run rests: it has ended, or everything in it waits for people. */
export function isSettled(state: RunState): boolean {
  return state.ended !== null || statusOf(state) === "PAUSED";
}

/** The calls of the last step, in the order in which the model asked for them. */
export function currentCalls(state: RunState): CallState[] {
  return (state.steps.at(-1)?.callIds ?? []).map((id) => known(state.calls, id));
}

export function pendingApprovals(state: RunState): ApprovalState[] {
  return [...state.approvals.values()].filter((approval) => approval.status === "pending");
}

export function known<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id);
  if (value === undefined)
    throw new Error(`The journal speaks of '${id}', which it never introduced.`);
  return value;
}

/** How many characters a run begins with. */
export function sizeOfStart({ history = [], message }: Pick<RunState, "history" | "message">) {
  return history.reduce(
    (sum, { input, output }) => sum + input.length + output.length,
    message.length,
  );
}

/** How many characters an answer of the model's takes. */
export function sizeOf(
  content: string,
  calls: readonly { rawArguments: string; args: Arguments | null }[],
): number {
  return calls.reduce(
    (sum, { args, rawArguments }) =>
      sum + rawArguments.length + (args === null ? 0 : JSON.stringify(args).length),
    content.length,
  );
}
