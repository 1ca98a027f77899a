import { Hono, type MiddlewareHandler } from "hono";
import { KernError, messageOf } from "../../errors.ts";
import { icon } from "../../panel/icon.ts";
import { Page, stylesheet } from "../../panel/page.tsx";
import { script } from "../../panel/script.ts";
import type { OsEnv } from "../auth.ts";
import { approvalListPages } from "./approval-list.tsx";
import { approvalPages } from "./approvals.tsx";
import { channelPages } from "./channels.tsx";
import { eventPages } from "./events.tsx";
import { historyPages } from "./history.tsx";
import { keyPages } from "./keys.tsx";
import { killSwitchPages } from "./kill-switch.tsx";
import { linkPages } from "./links.tsx";
import { navigation } from "./navigation.tsx";
import type { PanelParts } from "./parts.ts";
import { runPage } from "./run.tsx";
import { runPages } from "./runs.tsx";
import { schedulePages } from "./schedules.tsx";
import { settingsPages } from "./settings.tsx";
import { signInRoutes } from "./sign-in.tsx";
import { triggerPages } from "./triggers.tsx";
import { tryPages } from "./try.tsx";
import { words } from "../../panel/words.ts";

/** The pages for people: plain forms, which work without script. */
export function panelRoutes(
  parts: PanelParts,
  authenticate: MiddlewareHandler<OsEnv>,
): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/style.css", (c) =>
    c.text(stylesheet, 200, {
      "content-type": "text/css; charset=utf-8",
      "cache-control": "no-cache",
    }),
  );
  app.get("/panel.js", (c) =>
    c.text(script, 200, {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "no-cache",
    }),
  );
  app.get("/icon.svg", (c) => {
    const pending = Number(c.req.query("pending"));
    return c.text(icon(Number.isSafeInteger(pending) && pending > 0 ? pending : 0), 200, {
      "content-type": "image/svg+xml",
      "cache-control": "public, max-age=86400",
    });
  });
  app.route("/", signInRoutes(parts));
  app.use("*", authenticate, navigation);
  app.route("/", approvalListPages(parts));
  app.route("/", approvalPages(parts));
  app.route("/runs", runPages(parts));
  app.route("/runs", runPage(parts));
  app.route("/try", tryPages(parts));
  app.route("/triggers", triggerPages(parts));
  app.route("/events", eventPages(parts));
  app.route("/schedules", schedulePages(parts));
  app.route("/history", historyPages(parts));
  app.route("/settings", settingsPages(parts));
  app.route("/settings/kill-switch", killSwitchPages(parts));
  app.route("/settings/keys", keyPages(parts));
  app.route("/settings/channels", channelPages(parts));
  app.route("/settings/links", linkPages(parts));

  app.onError((error, c) => {
    if (!(error instanceof KernError)) console.error("kern: unexpected", error);
    const known = error instanceof KernError && error.status !== 500;
    const nobody = known && error.code === "unauthorized";
    const signIn = `/panel/sign-in?next=${encodeURIComponent(new URL(c.req.url).pathname)}`;
    if (nobody && c.req.method === "GET") return c.redirect(signIn, 303);
    const title =
      known && error.code === "not_found" ? words.problems.notFound : words.problems.failed;
    return c.html(
      <Page title={title}>
        <p class="card">
          {known && !nobody && messageOf(error)}
          {!known && words.problems.ours}
          {nobody && `${words.problems.signedOut} `}
          {nobody && <a href={signIn}>{words.problems.signIn}</a>}
        </p>
      </Page>,
      known ? error.status : 500,
    );
  });

  return app;
}
