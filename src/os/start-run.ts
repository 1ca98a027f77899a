import { createHash } from "node:crypto";
import type { Agent } from "../agent/agent.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import { KernError } from "../errors.ts";
import type { Occasion } from "../run/entry.ts";
import { newRunId } from "../run/ids.ts";
import { messageVersion, type StartMessage } from "../run/messages.ts";
import type { RunView } from "../run/view.ts";
import { userOf } from "./own.ts";
import type { Principal } from "./principal.ts";
import { askRun, unwrap } from "./runs.ts";
import type { StartSession } from "./session-start.ts";

export interface StartParts {
  /** Rejects with `unavailable` while the database cannot take what a run will leave in it. */
  ready: (env: Record<string, unknown>) => Promise<void>;
  startSession: StartSession;
}

/** What somebody asks of an agent or a team, and who they are. */
export interface Asking {
  agent: Agent;
  principal: Principal;
  message: string;
  /** As it was claimed, as is the session: a new one where none was. */
  userId: string | null;
  sessionId: string | null;
  /** Where to tell of it; it was judged before. */
  callbackUrl?: string | null;
  /** Makes the start safe to repeat, for this principal and agent. */
  key: string | undefined;
  /** The run's id where it follows from what starts it: whatever is asked first under it is what is done. */
  runId?: string;
  /** The schedule whose time it is. */
  schedule?: Occasion;
  /** Whether it was asked from this very machine. */
  local: boolean;
  unattended: boolean;
  /** How long to wait for the run to pause or end. */
  waitMs: number;
}

/** Starts a run, for the API and the panel alike. */
export async function startRun(
  env: Record<string, unknown>,
  { ready, startSession }: StartParts,
  asking: Asking,
): Promise<RunView> {
  await ready(env);
  const { agent, callbackUrl = null, key, local, message, schedule, unattended, waitMs } = asking;
  const callback = callbackUrl === null ? {} : { callbackUrl };
  const { aliases, id: principal } = asking.principal;
  const userId = userOf(asking.principal, asking.userId);
  const runId =
    asking.runId ??
    newRunId(key === undefined ? undefined : canonicalJson([principal, agent.id, key]));
  const { sessionId, history } = await startSession(env, {
    runId,
    isRepeatable: key !== undefined || asking.runId !== undefined,
    component: { type: agent.sourceType, id: agent.id },
    sessionId: asking.sessionId,
    userId,
    message,
    historyRuns: agent.historyRuns,
  });
  const start: StartMessage = {
    v: messageVersion,
    runId,
    agentId: agent.id,
    sessionId,
    userId,
    requestedBy: principal,
    ...(aliases.length > 0 && { requester: { aliases: [...aliases] } }),
    message,
    ...(history.length > 0 && { history }),
    fingerprint:
      asking.runId ??
      fingerprint({
        message,
        session_id: asking.sessionId,
        user_id: asking.userId,
        ...callback,
      }),
    local,
    ...callback,
    ...(schedule !== undefined && { schedule }),
    unattended,
    waitMs,
  };
  const reply = await askRun(env, runId, async (object) => object.start(start));
  // The agent is there: only objects of another release can know nothing of it.
  if (!reply.ok && reply.reason === "not_found")
    throw new KernError("unavailable", "A deployment is under way. Try again in a moment.", {
      retryAfterMs: 1000,
    });
  return unwrap(reply, "Run").run;
}

function fingerprint(request: Record<string, unknown>): string {
  return createHash("sha256").update(canonicalJson(request)).digest("hex");
}
