import { createMiddleware } from "hono/factory";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Section, sections, ShownSections } from "../../panel/sections.ts";
import type { OsEnv } from "../auth.ts";
import { holds, type Principal } from "../principal.ts";

/** Leaves out of the navigation of every page behind it what whoever looks at it may not open. */
export const navigation = createMiddleware<OsEnv>(async (c, next) => {
  const names = Object.keys(sections) as Section[];
  const shown = names.filter((name) => name !== "triggers" || readsTriggers(c.var.principal));
  const { html } = c;
  // A page is rendered only here, so that none has to hand the sections down to its navigation.
  c.html = ((page: string, status?: ContentfulStatusCode) =>
    html(
      <ShownSections.Provider value={shown}>{page}</ShownSections.Provider>,
      status,
    )) as typeof html;
  await next();
});

/** Whether they may see some of what starts by itself, which is nobody's own. */
export function readsTriggers(principal: Principal): boolean {
  return (
    !principal.ownOnly && (holds(principal, "webhooks:read") || holds(principal, "schedules:read"))
  );
}
