import type { Context } from "hono";
import type { ApprovalRecord } from "../../approval/record.ts";
import { KernError } from "../../errors.ts";
import type { HeldProps } from "../../panel/held.tsx";
import { everyone } from "../../run/store.ts";
import type { OsEnv } from "../auth.ts";
import { isAdmin } from "../principal.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

/**
 * Why gated calls do not start, a sentence for each switch that is on of these agents and teams, and of everything. The
 * words are those of the run that is held; who paused it, and why, is for admins.
 */
export async function heldBy(
  c: Context<OsEnv>,
  { all, db, switches }: PanelParts,
  concerned: () => Promise<Iterable<string>> = async () => [],
): Promise<string[]> {
  if (db === null) return [];
  try {
    const on = (await switches.list(c.env)).filter(({ paused }) => paused);
    if (on.length === 0) return [];
    const ids = new Set([everyone, ...(await concerned())]);
    const found = on.filter(({ id }) => ids.has(id));
    return found.map(({ changed_by, id, reason }) => {
      const told = isAdmin(c.var.principal) ? words.held.by(changed_by, reason) : "";
      const end = /[.!?]$/.test(told) ? "" : ".";
      return id === everyone
        ? words.held.everything(told, end)
        : words.held.one(all.get(id)?.name ?? id, told, end);
    });
  } catch (error) {
    if (!(error instanceof KernError)) throw error;
    return [words.held.unknown];
  }
}

/** What is said of it beside approvals whose calls are still to come. */
export async function heldOf(
  c: Context<OsEnv>,
  parts: PanelParts,
  approvals: readonly ApprovalRecord[],
): Promise<HeldProps> {
  const owners = approvals.filter(mayStart).flatMap(({ agent_id, context, team_id }) => {
    const lineage = (context["lineage"] ?? []) as { id: string }[];
    return [agent_id, team_id, ...lineage.map(({ id }) => id)].filter((id) => id !== null);
  });
  return {
    reasons: await heldBy(c, parts, async () => owners),
    mayTurn: isAdmin(c.var.principal),
  };
}

/** Whether the call is still to come. */
export function mayStart({ call_outcome, status }: ApprovalRecord): boolean {
  return call_outcome === null && (status === "pending" || status === "approved");
}
