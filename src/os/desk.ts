import { aliasesOf, exactName } from "../approval/alias.ts";
import type { Account, Addressee, Answered, Desk, Refused } from "../channels/channel.ts";
import { KernError } from "../errors.ts";
import type { TokenStore } from "../run/channel-store.ts";
import type { Db } from "../run/store.ts";
import { type Approvals, noDb } from "./approvals.ts";
import { lacking } from "./auth.ts";
import type { Links } from "./links.ts";
import { addressing } from "./notifier.ts";
import { holds, type Principal } from "./principal.ts";

export interface DeskParts {
  approvals: Approvals;
  db: Db | null;
  links: Links;
  url: string | null;
  now: () => number;
}

/** What channels may ask for on behalf of people: as who they are here, and by the rules for everybody. */
export function deskOf({ approvals, db, links, now, url }: DeskParts) {
  return (env: Record<string, unknown>): Desk => {
    const tokens = (): TokenStore => {
      if (db === null) throw new KernError("unavailable", noDb);
      return db.connect(env).tokens;
    };
    /** Refuses who is nobody here, and whatever is refused. */
    const as = async (
      by: Account | Addressee,
      scope: "approvals:read" | "approvals:write",
      ask: (principal: Principal) => Promise<Answered>,
    ): Promise<Answered> => {
      try {
        if ("address" in by) return await ask(principalAt(by));
        const principal = await links.principalOf(env, by);
        if (principal === null) return unlinked;
        if (!holds(principal, scope)) return { ...other, message: lacking(scope) };
        return await ask(principal);
      } catch (error) {
        if (!(error instanceof KernError)) throw error;
        const { code, fields, message } = error;
        const reason = code === "not_found" ? "not_found" : "other";
        return { kind: "refused", reason, message, code, fields };
      }
    };
    return {
      read: async (approvalId, by) =>
        as(by, "approvals:read", async (principal) => ({
          kind: "decided",
          approval: await approvals.get(env, approvalId, principal),
        })),
      decide: async (approvalId, decision, by, argsHash) =>
        as(by, "approvals:write", async (principal) => {
          const { args_hash, policy } = await approvals.get(env, approvalId, principal);
          if ("address" in by && policy.min_assurance !== "email")
            return { ...other, code: "forbidden", message: signIn };
          if (argsHash.length < 32 || !args_hash.startsWith(argsHash))
            return {
              ...other,
              message: "What you were shown is not what is asked. Look at it anew.",
            };
          const approval = await approvals.resolve(env, approvalId, decision, principal, null);
          return { kind: "decided", approval };
        }),
      link: async (code, account) => links.redeem(env, code, account),
      spend: async (id, expiresAtMs) => tokens().spend(id, expiresAtMs),
      restore: async (id) => tokens().restore(id),
      urlOf: addressing(env, url),
      nowMs: now(),
    };
  };
}

/**
 * Who is known by an address alone: they see what they were told of, and decide where a policy says that this is enough. They
 * hold no scopes, because policies name approvers by those as well.
 */
function principalAt({ address, groups }: Addressee): Principal {
  const name = exactName(address);
  const id = `mailto:${name}`;
  return {
    id,
    kind: "link",
    shared: false,
    name,
    aliases: aliasesOf([id, name]),
    names: [id, name],
    groups,
    scopes: new Set(),
    assurance: "email",
    ownOnly: false,
  };
}

const signIn =
  "This approval is not decided by a link in a mail alone: sign in to the panel, and decide there.";
const other: Refused = { kind: "refused", reason: "other", message: "" };
const unlinked: Refused = {
  kind: "refused",
  reason: "unlinked",
  message: "This account is linked to nobody here yet.",
};
