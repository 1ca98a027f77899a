import { authRules } from "../auth-options.ts";
import { isConfigured } from "../door.ts";
import { readSettings } from "../settings.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

/** How this service lets people in, by name: no key, and nothing that is checked against one, is among the words. */
export function waysIn({ auth, db }: Pick<PanelParts, "auth" | "db">, env: unknown): string[] {
  const settings = readSettings(env);
  const { access, jwt } = authRules(auth, settings);
  const { open, securityKeys } = settings;
  const alone = open ? words.who.open : words.who.alone;
  return [
    ...(isConfigured(auth, env) ? [] : [alone]),
    ...(securityKeys.length > 0 ? [words.who.key] : []),
    ...(securityKeys.length > 1 ? [words.who.previousKey] : []),
    ...(jwt === null ? [] : [words.who.tokens(jwt.issuer)]),
    ...(access === null ? [] : [words.who.access(access.issuer)]),
    ...(db === null ? [] : [words.who.apiKeys]),
  ];
}
