import type { Context } from "hono";
import { type Frame, type SettingsPart, settingsParts } from "../../panel/settings.tsx";
import type { OsEnv } from "../auth.ts";
import { holds } from "../principal.ts";
import { heldBy } from "./held.ts";
import type { PanelParts } from "./parts.ts";

/** What every page of the settings says: where else to go, and whether everything is paused. */
export async function frameOf(c: Context<OsEnv>, parts: PanelParts): Promise<Frame> {
  const names = Object.keys(settingsParts) as SettingsPart[];
  return {
    parts: names.filter((name) => {
      const { scope } = settingsParts[name];
      return scope === null || holds(c.var.principal, scope);
    }),
    held: (await heldBy(c, parts))[0] ?? null,
  };
}
