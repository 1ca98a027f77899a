import type { Account, Answered, Desk, Refused } from "../channels/channel.ts";
import { KernError } from "../errors.ts";
import type { Approvals } from "./approvals.ts";
import { lacking } from "./auth.ts";
import type { Links } from "./links.ts";
import { addressing } from "./notifier.ts";
import { holds, type Principal } from "./principal.ts";

export interface DeskParts {
  approvals: Approvals;
  links: Links;
  url: string | null;
  now: () => number;
}

/** What channels may ask for on behalf of accounts: as whoever these are linked to, and by the rules for everybody. */
export function deskOf({ approvals, links, now, url }: DeskParts) {
  return (env: Record<string, unknown>): Desk => {
    /** Refuses who is nobody here, and whatever is refused. */
    const as = async (
      account: Account,
      scope: "approvals:read" | "approvals:write",
      ask: (principal: Principal) => Promise<Answered>,
    ): Promise<Answered> => {
      try {
        const principal = await links.principalOf(env, account);
        if (principal === null) return unlinked;
        if (!holds(principal, scope)) return { ...other, message: lacking(scope) };
        return await ask(principal);
      } catch (error) {
        if (!(error instanceof KernError)) throw error;
        const reason = error.code === "not_found" ? "not_found" : "other";
        return { kind: "refused", reason, message: error.message, fields: error.fields };
      }
    };
    return {
      read: async (approvalId, account) =>
        as(account, "approvals:read", async (principal) => ({
          kind: "decided",
          approval: await approvals.get(env, approvalId, principal),
        })),
      decide: async (approvalId, decision, account, argsHash) =>
        as(account, "approvals:write", async (principal) => {
          const { args_hash } = await approvals.get(env, approvalId, principal);
          if (args_hash !== argsHash)
            return {
              ...other,
              message: "What you were shown is not what is asked. Look at it anew.",
            };
          const approval = await approvals.resolve(env, approvalId, decision, principal, null);
          return { kind: "decided", approval };
        }),
      link: async (code, account) => links.redeem(env, code, account),
      urlOf: addressing(env, url),
      nowMs: now(),
    };
  };
}

const other: Refused = { kind: "refused", reason: "other", message: "" };
const unlinked: Refused = {
  kind: "refused",
  reason: "unlinked",
  message: "This account is linked to nobody here yet.",
};
