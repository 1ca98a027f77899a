import { createHash } from "node:crypto";
import { KernError } from "../errors.ts";
import { matches } from "../signing/matches.ts";
import { fieldOf, isKey, typeIn } from "./event.ts";
import { genuine, keyOf, refused } from "./genuine.ts";
import { secretsIn, type Shape, variableNamed } from "./secrets.ts";
import type { Verifier } from "./verifier.ts";

export interface BearerOptions {
  /**
   * The Worker's variable that holds the token, 16 characters at least; two of them with a space between while rotating.
   * Default "WEBHOOK_TOKEN".
   */
  secretVariable?: string;
}

const shape: Shape = {
  fits: (secret) => /^[!-~]{16,}$/.test(secret),
  words: "text of 16 ASCII characters at least, such as: openssl rand -hex 32",
};

/**
 * Whoever sends `Authorization: Bearer …` with the token, for senders that sign nothing. The type is the body's `type`. The
 * header `Idempotency-Key`, 1 to 255 characters, is what an event is known again by; without it, the body.
 */
export function bearer(options: BearerOptions = {}): Verifier {
  const variable = variableNamed(options.secretVariable ?? "WEBHOOK_TOKEN");
  return {
    scheme: "Bearer token",
    variables: [variable],
    async verify(delivery, { env }) {
      const secrets = secretsIn(env, variable, shape);
      const { headers } = delivery;
      const [, token] = /^Bearer +([!-~]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
      if (token === undefined) return refused("There is no header Authorization: Bearer ….");
      // By their hashes, which are all of one length.
      if (!matches([hashOf(token)], secrets.map(hashOf)))
        return refused(`The token is none of those in ${variable}.`);
      const key = headers.get("idempotency-key");
      if (key !== null && !isKey(key))
        throw new KernError("invalid_request", "An Idempotency-Key has 1 to 255 characters.");
      return genuine(delivery, (event) => ({
        key: keyOf(key),
        type: typeIn(fieldOf(event, "type")),
      }));
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
