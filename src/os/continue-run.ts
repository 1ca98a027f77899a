import type { UserAnswer } from "../run/answer.ts";
import { type ContinueReply, messageVersion } from "../run/messages.ts";
import type { Principal } from "./principal.ts";
import { askRun, unwrap } from "./runs.ts";

/** What somebody says to a run that waits for its own user. */
export interface Continuing {
  runId: string;
  /** The agent or the team whose run it is said to be. */
  agentId: string;
  principal: Principal;
  answers: UserAnswer[];
  sessionId?: string | null | undefined;
  /** Whether what follows is told as a stream of events. */
  stream: boolean;
  /** How long to wait for the run to pause or end. */
  waitMs: number;
}

/** Hands the answers to the run, for the API and the panel alike. */
export async function continueRun(
  env: Record<string, unknown>,
  { agentId, answers, principal: { id, name, shared }, runId, sessionId, ...how }: Continuing,
): Promise<Extract<ContinueReply, { ok: true }>> {
  const message = {
    v: messageVersion,
    agentId,
    answers,
    requestId: crypto.randomUUID(),
    principal: { principal: id, shared, name },
    ...how,
    ...(sessionId && { sessionId }),
  };
  return unwrap(await askRun(env, runId, async (object) => object.continue(message)), "Run");
}
