import { isSignedSlack } from "../signing/slack.ts";
import { fieldOf, typeIn } from "./event.ts";
import { genuine, keyOf, refused } from "./genuine.ts";
import { longText, secretsIn, variableNamed } from "./secrets.ts";
import type { Verifier } from "./verifier.ts";

export interface SlackEventsOptions {
  /**
   * The Worker's variable that holds the app's signing secret; two of them with a space between while rotating. Default
   * "SLACK_SIGNING_SECRET", as of `slack()`.
   */
  secretVariable?: string;
}

/**
 * Slack's Events API. The type is that of what happened, such as `app_mention`; `event_id` is what it is known again by.
 * Slack's question whether somebody is there (`url_verification`) is answered.
 */
export function slackEvents(options: SlackEventsOptions = {}): Verifier {
  const variable = variableNamed(options.secretVariable ?? "SLACK_SIGNING_SECRET");
  return {
    scheme: "Slack",
    variables: [variable],
    async verify(delivery, { env, nowMs }) {
      const secrets = secretsIn(env, variable, longText);
      const { body, headers } = delivery;
      const timestamp = headers.get("x-slack-request-timestamp");
      const signature = headers.get("x-slack-signature");
      if (timestamp === null || signature === null)
        return refused(
          "One of the headers X-Slack-Request-Timestamp and X-Slack-Signature is missing.",
        );
      if (!isSignedSlack(body, { signature, timestamp }, secrets, nowMs))
        return refused(`The body is not signed with a secret of ${variable} within five minutes.`);
      return genuine(delivery, (event) => {
        const kind = fieldOf(event, "type");
        const challenge = fieldOf(event, "challenge");
        return {
          key: keyOf(fieldOf(event, "event_id")),
          type: typeIn(fieldOf(fieldOf(event, "event"), "type") ?? kind),
          ...(kind === "url_verification" &&
            typeof challenge === "string" && {
              answer: { body: challenge, contentType: "text/plain" },
            }),
        };
      });
    },
  };
}
