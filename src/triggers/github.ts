import { isSignedGitHub } from "../signing/github.ts";
import { fieldOf, typeIn } from "./event.ts";
import { genuine, refused } from "./genuine.ts";
import { longText, secretsIn, variableNamed } from "./secrets.ts";
import type { Verifier } from "./verifier.ts";

export interface GitHubOptions {
  /**
   * The Worker's variable that holds the webhook's secret, without spaces; two of them with a space between while rotating.
   * Default "GITHUB_WEBHOOK_SECRET".
   */
  secretVariable?: string;
}

/**
 * Webhooks of GitHub's, in JSON or as a form. The type is the event and its action, such as `issues.labeled`. GitHub signs
 * nothing but the body: by that a redelivery is known again, and what kind of event it is, is what the header says.
 */
export function github(options: GitHubOptions = {}): Verifier {
  const variable = variableNamed(options.secretVariable ?? "GITHUB_WEBHOOK_SECRET");
  return {
    scheme: "GitHub",
    variables: [variable],
    async verify(delivery, { env }) {
      const secrets = secretsIn(env, variable, longText);
      const { body, headers } = delivery;
      const signature = headers.get("x-hub-signature-256");
      if (signature === null) return refused("There is no header X-Hub-Signature-256.");
      if (!(await isSignedGitHub(body, signature, secrets)))
        return refused(`The body is not signed with a secret of ${variable}.`);
      return genuine(delivery, (event) => {
        const name = typeIn(headers.get("x-github-event"));
        const action = typeIn(fieldOf(event, "action"));
        return {
          key: { kind: "digest" },
          type: name === null || action === null ? name : typeIn(`${name}.${action}`),
          ...(name === "ping" && { answer: { body: "pong", contentType: "text/plain" } }),
        };
      });
    },
  };
}
