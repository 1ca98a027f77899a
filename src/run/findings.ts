import type { Agent } from "../agent/agent.ts";
import { isWaivable, judge } from "../agent/gate.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import type { Decider, Decision } from "../approval/decision.ts";
import { ineligible } from "../approval/eligible.ts";
import { messageOf } from "../errors.ts";
import type { ModelReply } from "../models/model.ts";
import type { ApprovalPolicy, PolicyContext } from "../tools/policy.ts";
import { fillIn } from "./answer.ts";
import { within } from "./deadline.ts";
import { editedBy } from "./decide.ts";
import { requestersOf } from "./policy.ts";
import type { Findings } from "./question.ts";
import type { Found } from "./reply.ts";
import { type ApprovalState, type CallState, known, type RunState } from "./state.ts";

/** How long a policy's function may take: what says nothing by then has said nothing. */
const maxPolicyMs = 10_000;
const maxPreviewLength = 16 * 1024;
const maxApprovers = 100;

interface Around {
  agent: Agent;
  env: unknown;
  signal: AbortSignal;
  state: RunState;
}

/** What the policies of the tools that the model asked for say about these calls, before anything of it is stored. */
export async function findingsOf({ toolCalls }: ModelReply, around: Around): Promise<Found[]> {
  return Promise.all(
    toolCalls.map(async (call) => {
      const tool = around.agent.tools.get(call.name);
      if (tool === undefined || !hasFunctions(tool.approval)) return nothing;
      const verdict = judge(around.agent.tools, call, new Map());
      if (verdict.kind !== "ask" || verdict.policy === null) return nothing;
      const found = await askPolicy(verdict.policy, verdict.args, around);
      const waived = found.waived && isWaivable(tool);
      return { ...found, waived, of: canonicalJson(verdict.args) };
    }),
  );
}

/** Most policies say all that they say beforehand: of these, no call need be looked at twice. */
function hasFunctions(policy: ApprovalPolicy | null): boolean {
  const { approversOf = null, preview = null, when = null } = policy ?? {};
  return [approversOf, preview, when].some((code) => code !== null);
}

const nothing = { waived: false, approvers: null, preview: null, of: "" };

/**
 * Who may decide on the arguments as a decision would have them, by those that would run; null where the tool's code has no say
 * in it, or need not be asked, because the decision is refused anyway.
 */
export async function approversOfChanged(
  approval: ApprovalState,
  { data }: Decision,
  decider: Decider,
  around: Around,
): Promise<string[] | null> {
  const call = known(around.state.calls, approval.callId);
  const tool = around.agent.tools.get(call.toolName);
  const policy = tool?.approval ?? null;
  if (tool === undefined || policy === null || policy.approversOf === null) return null;
  const standing = { ...approval, requesters: requestersOf(around.state) };
  if (approval.status !== "pending" || ineligible(decider, standing) !== null) return null;
  const changed =
    approval.pauseType === "user_input"
      ? fillIn(call, approval.args, data ?? {}, tool)
      : editedBy(approval, data?.["args"], tool);
  if (!("args" in changed)) return null;
  const asked = { ...policy, when: null, preview: null };
  return (await askPolicy(asked, changed.args, around)).approvers;
}

/** What the policy of a call's tool says of it by now, where it is put to people anew: that somebody is asked is settled. */
export async function findingsOfCall(
  { args, toolName }: CallState,
  around: Around,
): Promise<Findings> {
  const policy = around.agent.tools.get(toolName)?.approval ?? null;
  if (policy === null) return { waived: false, approvers: null, preview: null };
  return askPolicy({ ...policy, when: null }, args ?? {}, around);
}

/** Asks a policy's functions; what throws, or takes too long, asks a person, names nobody, and shows nothing. */
async function askPolicy(
  { approversOf, preview, rules, when }: ApprovalPolicy,
  args: Record<string, unknown>,
  { agent, env, signal, state }: Around,
): Promise<Findings> {
  const ctx: PolicyContext = {
    runId: state.id,
    sessionId: state.sessionId,
    userId: state.userId,
    agentId: agent.id,
    env: env as Cloudflare.Env,
    signal,
  };
  const ask = async <T>(
    what: string,
    code: ((args: Record<string, unknown>, ctx: PolicyContext) => T | Promise<T>) | null,
  ): Promise<T | null> => {
    if (code === null) return null;
    try {
      // A copy for each: no function of a policy's can change what is asked about.
      const answer = await within(maxPolicyMs, Promise.resolve(code(structuredClone(args), ctx)));
      return answer === "late" ? null : (answer as T);
    } catch (error) {
      // What it says may quote what nobody is to read.
      const why = rules.secret.length > 0 ? "and has secrets" : messageOf(error);
      console.error(`kern: '${what}' of an approval threw`, why);
      return null;
    }
  };
  const [needed, names, text] = await Promise.all([
    ask<unknown>("when", when),
    ask<unknown>("approvers", approversOf),
    ask<unknown>("preview", preview),
  ]);
  return {
    waived: needed === false,
    approvers: approversOf === null ? null : namesIn(names),
    preview: typeof text === "string" ? text.slice(0, maxPreviewLength).toWellFormed() : null,
  };
}

function namesIn(answer: unknown): string[] {
  if (!Array.isArray(answer)) return [];
  return answer
    .filter((name): name is string => typeof name === "string" && name.trim() !== "")
    .slice(0, maxApprovers);
}
