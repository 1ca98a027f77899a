import type { Agent } from "../agent/agent.ts";
import { isWaivable, judge } from "../agent/gate.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import { messageOf } from "../errors.ts";
import type { ModelReply } from "../models/model.ts";
import type { ApprovalPolicy, PolicyContext } from "../tools/policy.ts";
import { within } from "./deadline.ts";
import type { Findings } from "./question.ts";
import type { Found } from "./reply.ts";
import type { RunState } from "./state.ts";

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
      const verdict = judge(around.agent.tools, call, new Map());
      const tool = around.agent.tools.get(call.name);
      if (verdict.kind !== "ask" || verdict.policy === null || tool === undefined) return nothing;
      const found = await askPolicy(verdict.policy, verdict.args, around);
      const waived = found.waived && isWaivable(tool);
      return { ...found, waived, of: canonicalJson(verdict.args) };
    }),
  );
}

const nothing = { waived: false, approvers: null, preview: null, of: "" };

/** Asks a policy's functions; what throws, or takes too long, asks a person, names nobody, and shows nothing. */
export async function askPolicy(
  { approversOf, preview, when }: ApprovalPolicy,
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
      console.error(`kern: '${what}' of an approval threw`, messageOf(error));
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
