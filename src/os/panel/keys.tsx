import { type Context, Hono } from "hono";
import { newKeyFields } from "../../panel/key-form.tsx";
import { Keys, NewKey } from "../../panel/keys.tsx";
import { type Draft, textsOf } from "../../approval/read-answer.ts";
import { settingsParts } from "../../panel/settings.tsx";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import { scopes } from "../principal.ts";
import { ownForms } from "./forms.ts";
import { frameOf } from "./frame.ts";
import type { PanelParts } from "./parts.ts";
import { readKeyForm } from "./read-key-form.ts";

const admin = requires("agent_os:admin");

/** The API keys: the list, the form that makes one and shows it once, and the form that revokes one. */
export function keyPages(parts: PanelParts): Hono<OsEnv> {
  const { keys, now } = parts;
  const app = new Hono<OsEnv>();
  const page = async (c: Context<OsEnv>, draft: Draft) => (
    <Keys
      keys={await keys.list(c.env)}
      scopes={scopes}
      draft={draft}
      frame={await frameOf(c, parts)}
      nowMs={now()}
    />
  );

  app.get("/", admin, async (c) =>
    c.html(await page(c, { typed: newKeyFields, reasons: new Map() })),
  );

  app.post("/", ownForms, admin, async (c) => {
    const typed = textsOf(await readForm(c));
    const reading = readKeyForm(typed);
    if (!reading.ok) return c.html(await page(c, { typed, reasons: reading.reasons }), 422);
    const { key, name } = await keys.create(c.env, reading.request, c.var.principal);
    const frame = await frameOf(c, parts);
    c.header("cache-control", "no-store");
    return c.html(<NewKey name={name} secret={key} frame={frame} />, 201);
  });

  app.post("/revoke", ownForms, admin, async (c) => {
    const typed = textsOf(await readForm(c));
    await keys.revoke(c.env, typed.get("key_id") ?? "");
    return c.redirect(settingsParts.keys.path, 303);
  });

  return app;
}
