import type { Rules } from "../tools/policy.ts";
import type { JsonObject } from "./record.ts";
import { isSamePerson, type Person } from "./person.ts";

/** One person's say, where more than one is asked for. */
export interface Vote extends Person {
  /** Who voted, as records show it. */
  by: string;
  status: "approved" | "rejected";
  /** The arguments that it was given for: for others it does not count. */
  argsHash: string;
  atMs: number;
  data: JsonObject | null;
}

/** What the votes come to; null where they are not enough yet. A person counts once, and rejections count first. */
export function outcomeOf(
  votes: readonly Vote[],
  quorum: Rules["quorum"],
  argsHash: string,
): Vote["status"] | null {
  if (people(votes.filter(({ status }) => status === "rejected")) >= quorum.reject)
    return "rejected";
  const approvals = votes.filter(
    (vote) => vote.status === "approved" && vote.argsHash === argsHash && !hasRejected(votes, vote),
  );
  return people(approvals) >= quorum.approve ? "approved" : null;
}

/** Whether this person has said no: that counts whatever they said before, and nothing that they said before counts then. */
export function hasRejected(votes: readonly Vote[], person: Person): boolean {
  return votes.some((vote) => vote.status === "rejected" && isSamePerson(vote, person));
}

/** How many people these are; who is known by two names that meet in a third counts once. */
function people(votes: readonly Vote[]): number {
  const groups: Vote[][] = [];
  for (const vote of votes) {
    const same = groups.filter((group) => group.some((other) => isSamePerson(other, vote)));
    for (const group of same) groups.splice(groups.indexOf(group), 1);
    groups.push([...same.flat(), vote]);
  }
  return groups.length;
}
