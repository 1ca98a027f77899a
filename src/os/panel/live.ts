import { Hono, type MiddlewareHandler } from "hono";
import { KernError } from "../../errors.ts";
import { feedName, type FeedObject } from "../../panel/feed.ts";
import { type OsEnv, requires } from "../auth.ts";
import { originOf } from "../loopback.ts";

/** The socket by which an open page hears that something has changed, for pages of this very origin. */
export function liveRoutes(authenticate: MiddlewareHandler<OsEnv>): Hono<OsEnv> {
  const app = new Hono<OsEnv>();
  app.get("/live", authenticate, requires("approvals:read"), async (c) => {
    if (originOf(c.req.header("origin")) !== new URL(c.req.url).origin)
      throw new KernError("forbidden", "This socket is for pages of this service.");
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
      return c.json({ detail: "Expected a WebSocket" }, 426);
    const feed = c.env["FEED"] as DurableObjectNamespace<FeedObject> | undefined;
    if (typeof feed?.getByName !== "function")
      throw new KernError(
        "unavailable",
        "The binding FEED is missing: bind the Durable Object class Feed as FEED in wrangler.toml.",
      );
    const { id, ownOnly } = c.var.principal;
    const own = ownOnly ? `?own=${encodeURIComponent(id)}` : "";
    // Nothing of the request goes along: whom the socket is for is said here alone.
    const headers = { upgrade: "websocket" };
    return feed.getByName(feedName).fetch(`https://feed/${own}`, { headers });
  });
  return app;
}
