import { bearer } from "../../src/triggers/bearer.ts";
import { schedule } from "../../src/triggers/schedule.ts";
import type { Trigger } from "../../src/triggers/trigger.ts";
import { webhook } from "../../src/triggers/webhook.ts";

interface Body {
  /** What the run is started with; without it none is. */
  message?: string;
  /** What the mapping throws. */
  broken?: string;
}

/** What the code is told in between: a mapping that has been mended throws no more. */
export const panelHook = { isMended: false };

/** What the panel's tests have started by itself. */
export const panelTriggers: Trigger[] = [
  webhook<Body | string>({
    id: "panel-hook",
    agent: "tester",
    verify: bearer({ secretVariable: "PANEL_HOOK_TOKEN" }),
    input({ body }) {
      if (typeof body === "string") return undefined;
      const { broken, message } = body;
      if (broken !== undefined && !panelHook.isMended) throw new Error(broken);
      return message === undefined ? undefined : { message };
    },
    headers: ["x-panel"],
  }),
  webhook({
    id: "panel-bare",
    agent: "crew",
    verify: bearer({ secretVariable: "PANEL_BARE_TOKEN" }),
    events: ["issues", "push"],
  }),
  schedule({
    id: "panel-nightly",
    agent: "tester",
    cron: "30 3 * * *",
    timezone: "Europe/Berlin",
    message: "Look after the night.",
    overlap: "queue",
    missed: "skip",
  }),
];
