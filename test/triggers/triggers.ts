import { bearer } from "../../src/triggers/bearer.ts";
import { custom } from "../../src/triggers/custom.ts";
import { github } from "../../src/triggers/github.ts";
import { schedule } from "../../src/triggers/schedule.ts";
import { slackEvents } from "../../src/triggers/slack-events.ts";
import { standardWebhooks } from "../../src/triggers/standard-webhooks.ts";
import { stripe } from "../../src/triggers/stripe.ts";
import type { Trigger } from "../../src/triggers/trigger.ts";
import { webhook } from "../../src/triggers/webhook.ts";

/** What the tests send: the message that the agent is to get, and what else becomes of it. */
export interface Sent {
  message?: string;
  data?: unknown;
  user?: string;
  session?: string;
  ignore?: boolean;
}

/** What mapping does, where a test says so; called before every mapping. */
export const mapping: { before: (() => unknown) | undefined } = { before: undefined };

async function input({ body }: { body: Sent }) {
  await mapping.before?.();
  if (body.ignore === true) return null;
  const { data, message, session, user } = body;
  if (message === undefined) throw new Error("There is no message in it.");
  return { message, data, sessionId: session, userId: user };
}

const agent = "tester";

/** A webhook for each way to know who sends, and schedules: the tests' own. */
export const testTriggers: Trigger[] = [
  webhook<Sent>({ id: "hub", agent, verify: github(), events: ["issues"], input }),
  webhook<Sent>({ id: "orders", agent, verify: standardWebhooks(), input, maxBytes: 65_536 }),
  webhook<Sent>({ id: "stripe", agent, verify: stripe(), input }),
  webhook<Sent>({ id: "slack-events", agent, verify: slackEvents(), input }),
  webhook<Sent>({ id: "token", agent, verify: bearer(), input }),
  webhook<Sent>({ id: "crew", agent: "crew", verify: bearer(), input }),
  webhook<Sent>({
    id: "own",
    agent,
    verify: custom({
      scheme: "Own",
      verify: ({ headers }) => (headers.get("x-own") === "yes" ? { type: "own" } : null),
    }),
  }),
  webhook<Sent>({ id: "unset", agent, verify: github({ secretVariable: "NEVER_SET" }), input }),
  webhook<Sent>({ id: "limited", agent, verify: bearer(), input, limit: "WEBHOOK_LIMIT" }),
  webhook<Sent>({ id: "unlimited", agent, verify: bearer(), input, limit: "NO_SUCH_LIMIT" }),
  schedule({
    id: "nightly",
    agent,
    cron: "30 2 * * *",
    timezone: "Europe/Berlin",
    message: "Sweep",
  }),
];
