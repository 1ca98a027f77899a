import { type Context, Hono } from "hono";
import { Channels } from "../../panel/channels.tsx";
import { textsOf } from "../../approval/read-answer.ts";
import { settingsParts } from "../../panel/settings.tsx";
import { KernError } from "../../errors.ts";
import { deliveryStatuses } from "../../run/channel-store.ts";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import { ownForms } from "./forms.ts";
import { frameOf } from "./frame.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

const admin = requires("agent_os:admin");
const pageSize = 50;
const { path } = settingsParts.channels;

/** The channels and their log, and the forms that close, open and send again. */
export function channelPages(parts: PanelParts): Hono<OsEnv> {
  const { channels, now } = parts;
  const app = new Hono<OsEnv>();
  const page = async (c: Context<OsEnv>, problem?: string) => {
    const status = deliveryStatuses.find((one) => one === c.req.query("status"));
    const cursor = problem === undefined ? c.req.query("cursor") : undefined;
    const [list, { data, next_cursor }, frame] = await Promise.all([
      channels.list(c.env),
      channels.deliveries(c.env, { status, cursor, limit: pageSize }),
      frameOf(c, parts),
    ]);
    const older = new URLSearchParams({
      ...(status !== undefined && { status }),
      ...(next_cursor !== null && { cursor: next_cursor }),
    });
    return (
      <Channels
        channels={list}
        deliveries={data}
        status={status ?? null}
        older={next_cursor === null ? null : `${path}?${older.toString()}`}
        frame={frame}
        nowMs={now()}
        problem={problem}
      />
    );
  };

  app.get("/", admin, async (c) => c.html(await page(c)));

  app.post("/:action{open|close}", ownForms, admin, async (c) => {
    const id = textsOf(await readForm(c)).get("channel_id") ?? "";
    if (c.req.param("action") === "open") await channels.open(c.env, id);
    else await channels.close(c.env, id, words.channels.closedBy(c.var.principal.name));
    return c.redirect(path, 303);
  });

  app.post("/redeliver", ownForms, admin, async (c) => {
    const id = textsOf(await readForm(c)).get("delivery_id") ?? "";
    try {
      await channels.redeliver(c.env, id);
    } catch (error) {
      if (!(error instanceof KernError) || error.code !== "conflict") throw error;
      return c.html(await page(c, words.channels.notReceived(error.message)), 409);
    }
    return c.redirect(path, 303);
  });

  return app;
}
