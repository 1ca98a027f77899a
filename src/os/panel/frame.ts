import type { Context } from "hono";
import { KernError } from "../../errors.ts";
import { type Frame, type SettingsPart, settingsParts } from "../../panel/settings.tsx";
import { everyone } from "../../run/store.ts";
import type { OsEnv } from "../auth.ts";
import { holds, isAdmin } from "../principal.ts";
import type { PanelParts } from "./parts.ts";

/** What every page of the settings says: where else to go, and whether everything is paused. */
export async function frameOf(c: Context<OsEnv>, parts: PanelParts): Promise<Frame> {
  const names = Object.keys(settingsParts) as SettingsPart[];
  return {
    parts: names.filter((name) => {
      const { scope } = settingsParts[name];
      return scope === null || holds(c.var.principal, scope);
    }),
    held: await heldBy(c, parts),
  };
}

/** The words are those of the run that is held; who paused it, and why, is for admins. */
async function heldBy(c: Context<OsEnv>, { db, switches }: PanelParts): Promise<string | null> {
  if (db === null) return null;
  try {
    const found = (await switches.list(c.env)).find(({ id }) => id === everyone);
    if (found?.paused !== true) return null;
    const { changed_by, reason } = found;
    const told = isAdmin(c.var.principal)
      ? ` by ${changed_by}${reason === null ? "" : `: ${reason}`}`
      : "";
    return `Everything was paused${told}${/[.!?]$/.test(told) ? "" : "."} No gated call starts.`;
  } catch (error) {
    if (!(error instanceof KernError)) throw error;
    return "The kill switch cannot be read, so no gated call starts.";
  }
}
