import type { z } from "@hono/zod-openapi";
import type { RunRow, SessionRow } from "../run/store.ts";
import { askRun } from "./runs.ts";
import type { Session, SessionDetail, SessionRun } from "./session-schemas.ts";

export function sessionView(session: SessionRow): z.output<typeof Session> {
  const { component_id, created_at_ms, id, name, type, updated_at_ms, user_id } = session;
  return {
    session_id: id,
    session_name: name,
    session_type: type,
    user_id,
    agent_id: type === "agent" ? component_id : null,
    team_id: type === "team" ? component_id : null,
    created_at: iso(created_at_ms),
    updated_at: iso(updated_at_ms),
  };
}

/** `runs` are the newest ones, newest first. */
export function sessionDetail(
  session: SessionRow,
  runs: readonly RunRow[],
): z.output<typeof SessionDetail> {
  return {
    ...sessionView(session),
    agent_session_id: session.id,
    chat_history: runs.toReversed().flatMap(({ created_at_ms, input, output, updated_at_ms }) => [
      { role: "user" as const, content: input, created_at: Math.floor(created_at_ms / 1000) },
      ...(output === null
        ? []
        : [
            {
              role: "assistant" as const,
              content: output,
              created_at: Math.floor(updated_at_ms / 1000),
            },
          ]),
    ]),
  };
}

/** The run by its row; where it has not ended, what it waits for is asked of itself, and null where it is out of reach. */
export async function sessionRun(
  env: Record<string, unknown>,
  row: RunRow,
): Promise<z.output<typeof SessionRun>> {
  const { agent_id, parent_run_id, session_id, status, team_id, user_id } = row;
  const told = {
    run_id: row.id,
    parent_run_id,
    session_id,
    agent_id,
    team_id,
    user_id,
    status,
    run_input: row.input,
    content: row.output,
    tools: null,
    requirements: [],
    created_at: iso(row.created_at_ms),
    updated_at: iso(row.updated_at_ms),
  };
  if (status === "COMPLETED" || status === "CANCELLED" || status === "ERROR") return told;
  try {
    const reply = await askRun(env, row.id, async (run) => run.view());
    if (!reply.ok) return { ...told, requirements: null };
    const { content, requirements, status, tools } = reply.run;
    return { ...told, status, content, tools, requirements };
  } catch {
    return { ...told, requirements: null };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
