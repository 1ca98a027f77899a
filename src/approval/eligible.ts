import { assurances, type Rules } from "../tools/policy.ts";
import type { Decider } from "./decision.ts";
import { exactName } from "./alias.ts";
import { isSamePerson, type Person, personOf } from "./person.ts";

/** What decides who may decide, beside the decider. */
export interface Setting {
  rules: Pick<Rules, "allowSelf" | "approvers" | "minAssurance" | "quorum">;
  /** Everyone on whose behalf the call is: who started the run, and the user it was started for. */
  requesters: readonly Person[];
  /** Who may decide as well by now, because nobody has for long. */
  escalatedTo: readonly string[];
}

/** Why this decider may not decide on this approval; null where they may. */
export function ineligible(
  decider: Decider,
  { escalatedTo, requesters, rules }: Setting,
): string | null {
  const { approvers, minAssurance, quorum } = rules;
  const person = personOf(decider);
  const needsPeople = quorum.approve > 1 || quorum.reject > 1;
  if (decider.shared) {
    return approvers !== null || minAssurance !== null || needsPeople
      ? "This approval needs to know who decides: a security key, or no credential, is one for all."
      : null;
  }
  const isNobody = decider.kind === "service" || decider.kind === "webhook";
  if (needsPeople && isNobody) return "This approval needs several people, and a service is none.";
  if (!rules.allowSelf && requesters.some((requester) => isSamePerson(requester, person)))
    return "Whoever asked for a call cannot decide on it.";
  if (approvers !== null && !isAmong(decider, [...approvers, ...escalatedTo]))
    return `This approval is for ${approvers.join(", ") || "nobody"}.`;
  if (minAssurance !== null && (isNobody || rank(decider.assurance) < rank(minAssurance)))
    return `This approval needs to be decided where it is surer who decides: ${minAssurance}, at least.`;
  return null;
}

/** Whether one of these names the decider: a group of theirs, a scope that they hold, or themselves, exactly. */
function isAmong(decider: Decider, approvers: readonly string[]): boolean {
  const { groups = [], names = [], principal, scopes = [] } = decider;
  const own = new Set([principal, ...names].map(exactName));
  return approvers.some((approver) => {
    const [, kind, name = ""] = /^(group|scope):(.*)$/s.exec(approver) ?? [];
    if (kind === "group") return groups.includes(name);
    return kind === "scope" ? scopes.includes(name) : own.has(exactName(approver));
  });
}

/** A sign-in is the surest, wherever it is made; nothing said is the least sure. */
function rank(assurance: Decider["assurance"]): number {
  if (assurance === undefined) return -1;
  return Math.min(assurances.indexOf(assurance), assurances.indexOf("api"));
}
