import { KernError } from "../errors.ts";
import type { ApiKeyRow, Db } from "../run/store.ts";
import { hashOfApiKey, idOfApiKey, isSameHash } from "./api-key.ts";
import { type Known, scopesIn } from "./principal.ts";

/**
 * Who an API key speaks for: a service, and no person. Read from the database at each request, so that taking it back
 * counts from the next one on. Throws `unauthorized`, whatever is wrong with it.
 */
export async function apiKeyPrincipal(
  env: Record<string, unknown>,
  db: Db | null,
  key: string,
  nowMs: number,
): Promise<Known> {
  const id = idOfApiKey(key);
  if (db === null || id === null) throw invalid();
  const row = await db.connect(env).apiKeys.read(id);
  if (row === null || !isSameHash(row.hash, hashOfApiKey(key)) || !isValid(row, nowMs))
    throw invalid();
  return {
    id: `key:${id}`,
    kind: "service",
    shared: false,
    // Its name is made up by whoever made it: what nobody makes up stands beside it.
    name: `${row.name} (key:${id})`,
    // Of who made it, so that nobody decides with their own key on what they have asked for.
    aliases: [`key:${id}`, ...row.aliases],
    names: [`key:${id}`],
    groups: row.groups,
    scopes: scopesIn(row.scopes),
  };
}

function isValid({ expires_at_ms, revoked_at_ms }: ApiKeyRow, nowMs: number): boolean {
  return revoked_at_ms === null && (expires_at_ms === null || nowMs < expires_at_ms);
}

function invalid(): KernError {
  return new KernError("unauthorized", "Invalid authentication token");
}
