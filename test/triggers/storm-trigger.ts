import { standardWebhooks, webhook } from "../../src/triggers/trigger.ts";

/** What the storm's events are signed with, by the name of its variable. */
export const stormVars = { STORM_SECRET: `whsec_${btoa("w".repeat(32))}` };

/** What a storm of deliveries comes in by. */
export const stormTrigger = webhook<{ n: number }>({
  id: "storm",
  agent: "short",
  verify: standardWebhooks({ secretVariable: "STORM_SECRET" }),
  input: ({ body }) => ({ message: `storm ${body.n}` }),
});
