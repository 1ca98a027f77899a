import { authRules } from "../auth-options.ts";
import { isConfigured } from "../door.ts";
import { readSettings } from "../settings.ts";
import type { PanelParts } from "./parts.ts";

/** How this service lets people in, by name: no key, and nothing that is checked against one, is among the words. */
export function waysIn({ auth, db }: Pick<PanelParts, "auth" | "db">, env: unknown): string[] {
  const settings = readSettings(env);
  const { access, jwt } = authRules(auth, settings);
  const { open, securityKeys } = settings;
  const alone = open
    ? "Everybody, without signing in, because KERN_AUTH says so."
    : "Whoever is at this machine, without signing in, because nothing else is set.";
  return [
    ...(isConfigured(auth, env) ? [] : [alone]),
    ...(securityKeys.length > 0 ? ["Whoever has the security key."] : []),
    ...(securityKeys.length > 1 ? ["Whoever has the previous security key, until it goes."] : []),
    ...(jwt === null ? [] : [`Bearers of tokens (JWT) of ${jwt.issuer}`]),
    ...(access === null ? [] : [`People whom Cloudflare Access lets in at ${access.issuer}`]),
    ...(db === null ? [] : ["Services with an API key."]),
  ];
}
