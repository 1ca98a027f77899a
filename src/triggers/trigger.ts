import type { ScheduleTrigger } from "./schedule.ts";
import type { WebhookTrigger } from "./webhook.ts";

// What a webhook takes, and what a scheme of a project's own needs beside the types.
export { KernError } from "../errors.ts";
export { bearer, type BearerOptions } from "./bearer.ts";
export { custom, type CustomOptions, type Proof } from "./custom.ts";
export { github, type GitHubOptions } from "./github.ts";
export type { InboundEvent } from "./inbound.ts";
export { schedule, type ScheduleOptions, type ScheduleTrigger } from "./schedule.ts";
export { slackEvents, type SlackEventsOptions } from "./slack-events.ts";
export { standardWebhooks, type StandardWebhooksOptions } from "./standard-webhooks.ts";
export { stripe, type StripeOptions } from "./stripe.ts";
export { untrusted } from "./untrusted.ts";
export type { DedupeKey, Delivery, Genuine, Refused, Verified, Verifier } from "./verifier.ts";
export { webhook, type WebhookInput, type WebhookOptions, type WebhookTrigger } from "./webhook.ts";

/** Something that starts runs by itself: `new AgentOS({ triggers: [webhook(…), schedule(…)] })`. */
export type Trigger = WebhookTrigger | ScheduleTrigger;
