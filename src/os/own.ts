import { KernError } from "../errors.ts";
import { isOwnName, type Principal } from "./principal.ts";

/** Whether the caller may see what this principal has asked for. */
export function maySee({ id, ownOnly }: Principal, requestedBy: string | null): boolean {
  return !ownOnly || requestedBy === id;
}

/**
 * The user that a caller speaks of: for one who sees only their own, they themselves, by whichever of their names, and
 * nobody else.
 */
export function userOf<T extends string | null | undefined>(
  principal: Principal,
  claimed: T,
): T | string {
  if (!principal.ownOnly) return claimed;
  if (typeof claimed !== "string" || isOwnName(principal, claimed)) return principal.id;
  throw new KernError("forbidden", foreignUser);
}

export const foreignUser = "The user_id is not your own: leave it out.";
