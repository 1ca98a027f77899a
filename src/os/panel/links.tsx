import { type Context, Hono } from "hono";
import { textsOf } from "../../approval/read-answer.ts";
import { KernError } from "../../errors.ts";
import { LinkedAccounts, NewCode } from "../../panel/links.tsx";
import { settingsParts } from "../../panel/settings.tsx";
import type { OsEnv } from "../auth.ts";
import { readForm } from "../body.ts";
import { mayLink } from "../links.ts";
import { ownForms } from "./forms.ts";
import { frameOf } from "./frame.ts";
import type { PanelParts } from "./parts.ts";

/** Everybody's own accounts elsewhere: the list, the form that makes a code and shows it once, and the one that unlinks. */
export function linkPages(parts: PanelParts): Hono<OsEnv> {
  const { links, now } = parts;
  const app = new Hono<OsEnv>();

  app.get("/", async (c: Context<OsEnv>) => {
    const { principal } = c.var;
    return c.html(
      <LinkedAccounts
        links={mayLink(principal) ? await links.of(c.env, principal) : []}
        mayLink={mayLink(principal)}
        frame={await frameOf(c, parts)}
        nowMs={now()}
      />,
    );
  });

  app.post("/", ownForms, async (c) => {
    const code = await links.offer(c.env, c.var.principal);
    c.header("cache-control", "no-store");
    return c.html(<NewCode code={code} frame={await frameOf(c, parts)} />, 201);
  });

  app.post("/remove", ownForms, async (c) => {
    const id = textsOf(await readForm(c)).get("id") ?? "";
    if (!(await links.remove(c.env, id, c.var.principal)))
      throw new KernError("not_found", "Link not found");
    return c.redirect(settingsParts.links.path, 303);
  });

  return app;
}
