import { isSignedStandard, isStandardSecret, standardSecret } from "../signing/standard.ts";
import { fieldOf, typeIn } from "./event.ts";
import { genuine, keyOf, refused } from "./genuine.ts";
import { secretsIn, type Shape, variableNamed } from "./secrets.ts";
import type { Verifier } from "./verifier.ts";

export interface StandardWebhooksOptions {
  /**
   * The Worker's variable that holds the signing secret, "whsec_…"; two of them with a space between while rotating. Default
   * "WEBHOOK_SECRET".
   */
  secretVariable?: string;
}

const shape: Shape = { fits: isStandardSecret, words: standardSecret };

/**
 * Whoever signs by Standard Webhooks (https://www.standardwebhooks.com), kern itself among them. The type is the body's
 * `type`; `webhook-id` is what an event is known again by.
 */
export function standardWebhooks(options: StandardWebhooksOptions = {}): Verifier {
  const variable = variableNamed(options.secretVariable ?? "WEBHOOK_SECRET");
  return {
    scheme: "Standard Webhooks",
    variables: [variable],
    async verify(delivery, { env, nowMs }) {
      const secrets = secretsIn(env, variable, shape);
      const { body, headers } = delivery;
      const id = headers.get("webhook-id");
      const timestamp = headers.get("webhook-timestamp");
      const signature = headers.get("webhook-signature");
      if (id === null || timestamp === null || signature === null)
        return refused(
          "One of the headers webhook-id, webhook-timestamp and webhook-signature is missing.",
        );
      if (!isSignedStandard(body, { id, timestamp, signature }, secrets, nowMs))
        return refused(`It is not signed with a secret of ${variable} within five minutes.`);
      return genuine(delivery, (event) => ({
        key: keyOf(id),
        type: typeIn(fieldOf(event, "type")),
      }));
    },
  };
}
