import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { KernError } from "../errors.ts";
import { type OsEnv, requires } from "./auth.ts";
import type { Links } from "./links.ts";
import { json, refusals } from "./responses.ts";
import { seconds } from "./schemas.ts";

const tags = ["Channels"];
const admin = requires("agent_os:admin");
const noDb = "Accounts cannot be linked: pass a db to AgentOS to enable this feature.";

const example = {
  id: "slack:-:T012AB3CD:U012AB3CD",
  name: "ann",
  principal: "https://login.example.com|ann",
  linked_at: 1_795_644_390,
  expires_at: 1_798_236_390,
};

const Link = z
  .object({
    id: z.string().describe("The account: the service, the workspace and the user in one."),
    name: z.string().describe("What it is called there."),
    principal: z.string().describe("The principal that it stands for."),
    linked_at: seconds("When it was linked"),
    expires_at: seconds("When it has to be linked anew"),
  })
  .describe("Somebody's account elsewhere, and who that is here.")
  .openapi("Link", { example });

/** The linked accounts of everybody, for admins: who has left does not go on deciding from there. */
export function linkRoutes(links: Links): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>();
  app.openapi(
    createRoute({
      method: "get",
      path: "/links",
      operationId: "listLinks",
      tags,
      summary: "List the linked accounts",
      description: "Those that stand for somebody now; the first 1,000 by their ids.",
      middleware: admin,
      responses: {
        200: json(z.object({ data: z.array(Link).describe("The accounts.") }), "The accounts."),
        ...refusals(401, 403, { 503: [noDb] }),
      },
    }),
    async (c) => {
      const found = await links.list(c.env, "");
      const data = found.map(({ row: { expires_at_ms, id, linked_at_ms, name, principal } }) => ({
        id,
        name,
        principal,
        linked_at: Math.floor(linked_at_ms / 1000),
        expires_at: Math.floor(expires_at_ms / 1000),
      }));
      return c.json({ data }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: "delete",
      path: "/links/{link_id}",
      operationId: "endLink",
      tags,
      summary: "End the link of an account",
      description: "From now on nobody decides from it, until its owner links it anew.",
      middleware: admin,
      request: {
        params: z.object({
          link_id: z.string().max(500).describe("The account.").openapi({ example: example.id }),
        }),
      },
      responses: {
        204: { description: "It stands for nobody." },
        ...refusals(401, 403, { 404: ["Link not found"] }, { 503: [noDb] }),
      },
    }),
    async (c) => {
      const { link_id: id } = c.req.valid("param");
      if (!(await links.remove(c.env, id, c.var.principal)))
        throw new KernError("not_found", "Link not found");
      return c.body(null, 204);
    },
  );
  return app;
}
