import type { Assurance } from "../tools/policy.ts";
import { canonicalJson } from "./call-hash.ts";
import { ineligible, type Setting } from "./eligible.ts";
import { isSamePerson, personOf } from "./person.ts";
import type { ApprovalStatus, JsonObject } from "./record.ts";
import { hasRejected, outcomeOf, type Vote } from "./vote.ts";

/** What stands behind a credential. Only a person counts as one. */
export type PrincipalKind = "person" | "service" | "webhook" | "link" | "slack";

/** Who answers: the authenticated principal, and what they say of themselves where it identifies nobody. */
export interface Decider {
  principal: string;
  /** True where many people may stand behind the principal (the security key, or no authentication). */
  shared: boolean;
  claim: string | null;
  /** What follows is told by Workers of this release on; one of before leaves it out. */
  kind?: PrincipalKind;
  /** What records show; the principal itself where it is left out. */
  name?: string;
  /** Every name that the credential proves of them, the principal's own among them, as `aliasOf` writes it. */
  aliases?: readonly string[];
  /** Names that are theirs alone, whoever may give themselves others: by these they are named as approvers. */
  names?: readonly string[];
  groups?: readonly string[];
  scopes?: readonly string[];
  assurance?: Assurance;
}

export interface Decision {
  status: "approved" | "rejected";
  data: JsonObject | null;
}

/** What has been settled about an approval so far, and by whom it may be. */
export interface Standing extends Setting {
  status: ApprovalStatus;
  expiresAtMs: number | null;
  principal: string | null;
  resolvedBy: string | null;
  data: JsonObject | null;
  votes: readonly Vote[];
}

export type Ruling =
  /** It is decided; `vote` is there where others voted before, or might have. */
  | { kind: "accept"; status: Decision["status"]; resolvedBy: string; vote: Vote | null }
  /** It counts, and more are needed. */
  | { kind: "count"; vote: Vote }
  | { kind: "repeat" }
  | { kind: "lapse" }
  | { kind: "taken"; status: ApprovalStatus }
  | { kind: "forbidden"; reason: string };

/**
 * The rule of one decision: only who may decide does; the first answer that makes it wins, the same answer by the same person
 * is that answer again, and an answer at or after the expiry comes too late, whether or not the alarm has rung. `argsHash` is
 * that of the arguments as this decision would have them.
 */
export function rule(
  standing: Standing,
  decision: Decision,
  decider: Decider,
  { argsHash, nowMs }: { argsHash: string; nowMs: number },
): Ruling {
  const by = nameOf(decider);
  if (standing.status !== "pending" && isRepeated(standing, decision, decider))
    return { kind: "repeat" };
  if (standing.status !== "pending") return { kind: "taken", status: standing.status };
  if (standing.expiresAtMs !== null && nowMs >= standing.expiresAtMs) return { kind: "lapse" };
  const reason = ineligible(decider, standing);
  if (reason !== null) return { kind: "forbidden", reason };
  const { quorum } = standing.rules;
  if (quorum.approve === 1 && quorum.reject === 1)
    return { kind: "accept", status: decision.status, resolvedBy: by, vote: null };
  const person = personOf(decider);
  const earlier = standing.votes.find((vote) => isSamePerson(vote, person));
  // A no counts also where they, or somebody with a name of theirs, have said yes before.
  const isVeto = decision.status === "rejected" && !hasRejected(standing.votes, person);
  if (earlier !== undefined && !isVeto) {
    const same = earlier.status === decision.status && earlier.argsHash === argsHash;
    return same
      ? { kind: "repeat" }
      : { kind: "forbidden", reason: "You have voted on this approval already." };
  }
  const vote: Vote = { ...person, ...decision, by, argsHash, atMs: nowMs };
  const status = outcomeOf([...standing.votes, vote], quorum, argsHash);
  return status === null
    ? { kind: "count", vote }
    : { kind: "accept", status, resolvedBy: by, vote };
}

/** Whether this person has said just this before, be it as the one who decided or as one of several. */
function isRepeated(standing: Standing, decision: Decision, decider: Decider): boolean {
  const { data, status } = decision;
  const said = [{ ...standing, by: standing.resolvedBy }, ...standing.votes];
  return said.some(
    (one) =>
      one.status === status &&
      one.principal === decider.principal &&
      (!decider.shared || one.by === nameOf(decider)) &&
      canonicalJson(one.data ?? {}) === canonicalJson(data ?? {}),
  );
}

/** Who is named as the one who answered: the principal, or, where that is nobody in particular, what they say of themselves. */
export function nameOf({ claim, principal, shared, name = principal }: Decider): string {
  return shared && claim !== null && claim.trim() !== "" ? claim : name;
}

/** What the model is told of a call that a person turned down. */
export function rejectionText(note: string | null): string {
  const text = "Function call was rejected by the user";
  return note === null || note === "" ? text : `${text}: ${note}`;
}

/** Why somebody decided so, where they said: the reason that they chose, and what they wrote. */
export function noteOf(data: JsonObject | null): string | null {
  const said = [data?.["reason"], data?.["note"]].filter(
    (part) => typeof part === "string" && part !== "",
  );
  return said.length === 0 ? null : said.join(": ");
}
