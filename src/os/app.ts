import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import type { Agent } from "../agent/agent.ts";
import type { Channel } from "../channels/channel.ts";
import { KernError } from "../errors.ts";
import type { Db } from "../run/store.ts";
import { agentRoutes } from "./agents.ts";
import { approvalRoutes } from "./approval-routes.ts";
import { approvalsOf } from "./approvals.ts";
import { authenticator, type OsEnv } from "./auth.ts";
import type { AuthOptions } from "./auth-options.ts";
import { batchRoutes } from "./batch.ts";
import { callbackRoutes, callbacksOf } from "./callbacks.ts";
import { channelRoutes, channelsOf } from "./channel-routes.ts";
import { configRoutes } from "./config.ts";
import { deskOf } from "./desk.ts";
import { doorsOf, isConfigured } from "./door.ts";
import { onError } from "./errors.ts";
import { keyRoutes, keysOf } from "./keys.ts";
import { isLoopback, originOf } from "./loopback.ts";
import { opsRoutes } from "./ops.ts";
import { linkRoutes } from "./link-routes.ts";
import { linksOf } from "./links.ts";
import { liveRoutes } from "./panel/live.ts";
import { panelRoutes } from "./panel/routes.tsx";
import { receivingRoutes } from "./receive.ts";
import { referenceRoutes } from "./reference.tsx";
import { sessionStarter } from "./session-start.ts";
import { scheduleRoutes } from "./schedule-routes.ts";
import { sessionRoutes } from "./sessions.ts";
import { switchesOf, switchRoutes } from "./switches.ts";
import { publicRoutes, type SystemParts } from "./system.ts";
import type { Triggers } from "./triggers.ts";
import { webhookRoutes } from "./webhook-routes.ts";

const maxBodyBytes = 1024 * 1024;

export interface AppParts extends SystemParts {
  db: Db | null;
  /** Every agent and team, members of teams included. */
  all: ReadonlyMap<string, Agent>;
  /** Origins of other sites whose pages may call the API. */
  corsOrigins: readonly string[];
  auth: AuthOptions;
  channels: readonly Channel[];
  /** Where people reach this service, where code says so. */
  url: string | null;
  triggers: Triggers;
}

/** The whole HTTP side: what everyone may ask, the panel, and behind the door the API. */
export function createApp(parts: AppParts): OpenAPIHono<OsEnv> {
  const { auth, corsOrigins, db, now } = parts;
  const app = new OpenAPIHono<OsEnv>();
  app.onError(onError);
  app.notFound((c) => c.json({ detail: "Not Found" }, 404));

  const doorOf = doorsOf(auth, now);
  const authenticate = authenticator({ options: auth, db, doorOf, now });
  // Before the headers of everything else: an answer that opens a socket has none.
  app.route("/panel", liveRoutes(authenticate("panel")));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      xFrameOptions: "DENY",
      referrerPolicy: "same-origin",
    }),
    async (c, next) => {
      await next();
      if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
    },
    cors({
      origin: (origin, c) => {
        if (origin === "") return null;
        const local = !isConfigured(auth, c.env) && isLoopback(new URL(c.req.url).hostname);
        const allowed =
          corsOrigins.includes(origin) ||
          (local && URL.canParse(origin) && isLoopback(new URL(origin).hostname));
        return allowed && originOf(origin) !== "null" ? origin : null;
      },
      allowHeaders: ["authorization", "content-type", "idempotency-key"],
      allowMethods: ["GET", "POST", "PATCH", "DELETE"],
    }),
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new KernError("body_too_large", "The request body is larger than 1 MiB.");
      },
    }),
  );

  app.route("/", publicRoutes(parts));
  app.route("/", referenceRoutes(app, parts));
  const approvals = approvalsOf(db);
  const startSession = sessionStarter(db, now);
  const keys = keysOf(db, now);
  const switches = switchesOf(db, now);
  const links = linksOf(db, auth.isolateUsers === true, now);
  const callbacks = callbacksOf(parts.channels);
  const channels = channelsOf(parts.channels, db, now);
  const panel = { ...parts, approvals, channels, doorOf, keys, links, startSession, switches };
  app.route("/panel", panelRoutes(panel, authenticate("panel")));

  const desk = deskOf({ approvals, db, links, url: parts.url, now });
  for (const channel of parts.channels) {
    const answers = channel.answers?.(desk);
    if (answers !== undefined) app.route(`/${channel.id}`, answers);
  }

  app.route("/", receivingRoutes(parts.triggers.inbound));
  app.use(authenticate("api"));
  app.route("/", approvalRoutes(approvals, now));
  app.route("/", batchRoutes(approvals));
  app.route("/", agentRoutes({ ...parts, callbacks, startSession, kind: "agent" }));
  app.route(
    "/",
    agentRoutes({ ...parts, callbacks, startSession, kind: "team", agents: parts.teams }),
  );
  app.route("/", switchRoutes(switches, parts.all));
  app.route("/", sessionRoutes(db, now));
  app.route("/", configRoutes(parts));
  app.route("/", keyRoutes(keys));
  app.route("/", channelRoutes(channels));
  app.route("/", callbackRoutes(callbacks));
  app.route("/", linkRoutes(links));
  app.route("/", webhookRoutes(parts.triggers.inbound));
  app.route("/", scheduleRoutes(parts.triggers));
  app.route("/", opsRoutes(db, parts));
  return app;
}
