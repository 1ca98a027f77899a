import { type Context, Hono } from "hono";
import { KernError } from "../../errors.ts";
import { KillSwitch, type KillSwitchProps, type SwitchShown } from "../../panel/kill-switch.tsx";
import { textsOf } from "../../approval/read-answer.ts";
import { settingsParts } from "../../panel/settings.tsx";
import { everyone } from "../../run/store.ts";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import { PauseRequest } from "../switches.ts";
import { ownForms } from "./forms.ts";
import { frameOf } from "./frame.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

const admin = requires("agent_os:admin");

/** The kill switches, and the form that turns them. */
export function killSwitchPages(parts: PanelParts): Hono<OsEnv> {
  const { all, now, switches } = parts;
  const app = new Hono<OsEnv>();
  const page = async (c: Context<OsEnv>, refused?: KillSwitchProps["refused"]) => {
    const states = new Map((await switches.list(c.env)).map((state) => [state.id, state]));
    const shown: SwitchShown[] = [
      { id: everyone, name: words.switches.everything, kind: "everything", state: null },
      ...[...all.values()].map(({ id, name, sourceType }): SwitchShown => ({
        id,
        name,
        kind: sourceType,
        state: null,
      })),
    ];
    return (
      <KillSwitch
        switches={shown.map((one) => ({ ...one, state: states.get(one.id) ?? null }))}
        frame={await frameOf(c, parts)}
        nowMs={now()}
        refused={refused}
      />
    );
  };

  app.get("/", admin, async (c) => c.html(await page(c)));

  app.post("/", ownForms, admin, async (c) => {
    const typed = textsOf(await readForm(c));
    const id = typed.get("id") ?? "";
    if (id !== everyone && !all.has(id)) throw new KernError("not_found", "Agent not found");
    const turn = typed.get("turn");
    if (turn !== "pause" && turn !== "unpause")
      throw new KernError("invalid_request", "Say whether to pause or to unpause.");
    const reason = turn === "pause" ? (typed.get("reason") ?? "").trim() : "";
    const request = PauseRequest.safeParse({ reason: reason === "" ? null : reason });
    if (!request.success) {
      const reasons = new Map([["reason", request.error.issues[0]?.message ?? ""]]);
      return c.html(await page(c, { id, draft: { typed, reasons } }), 422);
    }
    const asked = { id, paused: turn === "pause", reason: request.data.reason };
    await switches.turn(c.env, asked, c.var.principal);
    return c.redirect(settingsParts.switches.path, 303);
  });

  return app;
}
