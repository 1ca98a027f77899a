import { Hono } from "hono";
import { Agents } from "../../panel/agents.tsx";
import { Who } from "../../panel/who.tsx";
import { type OsEnv, requires } from "../auth.ts";
import { holds } from "../principal.ts";
import { frameOf } from "./frame.ts";
import type { PanelParts } from "./parts.ts";
import { waysIn } from "./ways-in.ts";

/** What the code says: the agents and their tools; and who is signed in. */
export function settingsPages(parts: PanelParts): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/", requires("config:read"), async (c) =>
    c.html(<Agents agents={[...parts.all.values()]} frame={await frameOf(c, parts)} />),
  );

  app.get("/sign-in", async (c) => {
    const { principal } = c.var;
    const maySeeWays = holds(principal, "config:read");
    const { access } = parts.doorOf(c.env);
    const byAccess =
      principal.assurance === "panel" &&
      access !== null &&
      principal.id.startsWith(`${access.rules.issuer}|`);
    return c.html(
      <Who
        who={{ ...principal, scopes: [...principal.scopes], byAccess }}
        ways={maySeeWays ? waysIn(parts, c.env) : null}
        frame={await frameOf(c, parts)}
      />,
    );
  });

  return app;
}
