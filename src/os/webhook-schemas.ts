import { z } from "@hono/zod-openapi";
import { runStatuses } from "../approval/record.ts";
import { eventStatuses, type EventSummary } from "../run/trigger-store.ts";
import type { WebhookTrigger } from "../triggers/webhook.ts";
import { flag } from "./body.ts";
import { exampleRun } from "./examples.ts";
import { seconds } from "./schemas.ts";

export const exampleId = "evt_6f1d9d3f4bb24c1e9d0f5a2c7e8b1a34";

export const Accepted = z
  .object({
    event_id: z.string().describe("The event."),
    run_id: z.string().describe("The run: the same for every delivery of the event."),
    session_id: z.string().describe("The run's session."),
    status: z.enum(runStatuses).describe("Where the run stands."),
  })
  .describe("The run of an event.")
  .openapi("AcceptedEvent", {
    example: {
      event_id: exampleId,
      run_id: exampleRun.run_id,
      session_id: "5c1c8a9e-2a53-44a3-9f0e-7f4c8b3f0d52",
      status: "RUNNING",
    },
  });

export const exampleWebhook = {
  id: "github",
  agent_id: "triage",
  scheme: "github",
  events: ["issues"],
  ready: true,
  reason: null,
};

export const Webhook = z
  .object({
    id: z.string().describe("Its id: it is served at `/webhooks/{id}`."),
    agent_id: z.string().describe("The agent or team that its events start."),
    scheme: z.string().describe("How its requests are known to be genuine."),
    events: z.array(z.string()).nullable().describe("What it listens to; null for everything."),
    ready: z.boolean().describe("Whether it has its secret; without it nothing is taken."),
    reason: z.string().nullable().describe("What is missing."),
  })
  .describe("A webhook that starts runs.")
  .openapi("Webhook", { example: exampleWebhook });

export const exampleEvent = {
  id: exampleId,
  webhook: "github",
  type: "issues.labeled",
  status: "started" as const,
  run_id: exampleRun.run_id,
  error: null,
  deliveries: 1,
  replays: 0,
  created_at: 1_795_644_390,
  updated_at: 1_795_644_390,
};

export const InboundEvent = z
  .object({
    id: z.string().describe("The event's id: the same however often it is delivered."),
    webhook: z.string().describe("The webhook that it came in by."),
    type: z.string().nullable().describe("What happened, such as `issues.labeled`."),
    status: z
      .enum(eventStatuses)
      .describe("`failed` could not be mapped to a run, and can be replayed."),
    run_id: z.string().nullable().describe("The run that it started last."),
    error: z.string().nullable().describe("Why it could not be mapped."),
    deliveries: z.number().int().describe("How often it was delivered."),
    replays: z.number().int().describe("How often it was replayed by hand."),
    created_at: seconds("When it first came in"),
    updated_at: seconds("When it was last delivered or replayed"),
  })
  .describe("Something that came in by a webhook; kept for 30 days.")
  .openapi("InboundEvent", { example: exampleEvent });

export const exampleContent = {
  ...exampleEvent,
  body: '{"action":"labeled"}',
  headers: { "x-github-event": "issues" },
};

export const EventContent = InboundEvent.extend({
  body: z.string().describe("What came in: text from outside."),
  headers: z.record(z.string(), z.string()).describe("Its headers, without what is secret."),
})
  .describe("An event with what came in.")
  .openapi("EventContent", { example: exampleContent });

export const EventQuery = z.object({
  webhook: z.string().max(63).optional().describe("Of this webhook."),
  status: z.enum(eventStatuses).optional().describe("Of this status."),
  run_id: z.string().max(255).optional().describe("That started this run last."),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many, at most."),
  cursor: z.string().max(500).optional().describe("`next_cursor` of the page before."),
});

export const ReplayRequest = z
  .object({
    again: flag(false).describe("Start another run where the event has started one before."),
  })
  .describe("How to replay an event.")
  .openapi("ReplayRequest", { example: { again: false } });

export function webhookView(
  { agent, events, id, verify }: WebhookTrigger,
  env: Record<string, unknown>,
): z.output<typeof Webhook> {
  const unset = verify.variables.find((name) => typeof env[name] !== "string" || env[name] === "");
  const reason =
    unset === undefined
      ? null
      : `The variable ${unset} is not set: npx wrangler secret put ${unset}`;
  return {
    id,
    agent_id: agent,
    scheme: verify.scheme,
    events: events === null ? null : [...events],
    ready: reason === null,
    reason,
  };
}

export function eventView({
  created_at_ms,
  updated_at_ms,
  ...row
}: EventSummary): z.output<typeof InboundEvent> {
  return {
    ...row,
    created_at: Math.floor(created_at_ms / 1000),
    updated_at: Math.floor(updated_at_ms / 1000),
  };
}
