import { KernError } from "../errors.ts";
import { type Exchange, fitting } from "../run/history.ts";
import { nameOf } from "../run/session.ts";
import type { Component, Db } from "../run/store.ts";
import { askRun } from "./runs.ts";

/** A start, as far as its session is concerned. */
export interface Starting {
  runId: string;
  /** Whether the run may have been started by the same request before. */
  isRepeatable: boolean;
  component: Component;
  sessionId: string | null;
  userId: string | null;
  message: string;
  historyRuns: number;
}

export interface Started {
  sessionId: string;
  history: Exchange[];
}

/** Has a run's session be its user's before it starts; throws `not_found` where it is another's. */
export type StartSession = (env: Record<string, unknown>, start: Starting) => Promise<Started>;

export function sessionStarter(db: Db | null, now: () => number): StartSession {
  return async (env, { component, historyRuns, isRepeatable, message, runId, ...asked }) => {
    // A session of its own begins with the run's first row in the database: nobody else can name it before.
    const sessionId = asked.sessionId ?? crypto.randomUUID();
    if (asked.sessionId === null || db === null) return { sessionId, history: [] };
    // A start that is repeated is answered by its run, and begins no session anew that was deleted since.
    if (isRepeatable && (await askRun(env, runId, async (run) => run.view())).ok)
      return { sessionId, history: [] };
    const { sessions } = db.connect(env);
    const nowMs = now();
    const session = await sessions.claim({
      id: sessionId,
      user_id: asked.userId,
      name: nameOf(message),
      type: component.type,
      component_id: component.id,
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
      deleted_at_ms: null,
    });
    if (session === null) throw new KernError("not_found", "Session not found");
    if (historyRuns === 0) return { sessionId, history: [] };
    const runs = await sessions.history(session, component, historyRuns);
    const history = runs.reverse().map(({ input, output }) => ({ input, output: output ?? "" }));
    return { sessionId, history: fitting(history, message) };
  };
}
