import { isSignedStripe } from "../signing/stripe.ts";
import { fieldOf, typeIn } from "./event.ts";
import { genuine, keyOf, refused } from "./genuine.ts";
import { longText, secretsIn, type Shape, variableNamed } from "./secrets.ts";
import type { Verifier } from "./verifier.ts";

export interface StripeOptions {
  /**
   * The Worker's variable that holds the endpoint's signing secret, "whsec_…"; two of them with a space between while rotating.
   * Default "STRIPE_WEBHOOK_SECRET".
   */
  secretVariable?: string;
}

const shape: Shape = {
  fits: (secret) => secret.startsWith("whsec_") && longText.fits(secret),
  words: `the endpoint's signing secret, "whsec_…"`,
};

/** Events of Stripe's. The type is the event's own, such as `invoice.paid`; the event's id is what it is known again by. */
export function stripe(options: StripeOptions = {}): Verifier {
  const variable = variableNamed(options.secretVariable ?? "STRIPE_WEBHOOK_SECRET");
  return {
    scheme: "Stripe",
    variables: [variable],
    async verify(delivery, { env, nowMs }) {
      const secrets = secretsIn(env, variable, shape);
      const header = delivery.headers.get("stripe-signature");
      if (header === null) return refused("There is no header Stripe-Signature.");
      if (!isSignedStripe(delivery.body, header, secrets, nowMs))
        return refused(`The body is not signed with a secret of ${variable} within five minutes.`);
      return genuine(delivery, (event) => ({
        key: keyOf(fieldOf(event, "id")),
        type: typeIn(fieldOf(event, "type")),
      }));
    },
  };
}
