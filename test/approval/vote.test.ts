import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Decider, type Decision, rule, type Standing } from "../../src/approval/decision.ts";
import { outcomeOf, type Vote } from "../../src/approval/vote.ts";
import { openRules } from "../../src/tools/policy.ts";

const vote = (principal: string, status: Vote["status"], more: Partial<Vote> = {}): Vote => ({
  principal,
  aliases: [],
  by: principal,
  status,
  argsHash: "a",
  atMs: 0,
  data: null,
  ...more,
});

test("a person counts once, by whatever name they vote", () => {
  const two = { approve: 2, reject: 1 };
  const ann = vote("https://id|1", "approved", { aliases: ["Ann@Example.com"] });
  const again = vote("key:7", "approved", { aliases: ["ann+work@example.com "] });
  expect(outcomeOf([ann, again], two, "a")).toBeNull();
  expect(outcomeOf([ann, again, vote("bob", "approved")], two, "a")).toBe("approved");
});

test("two who share no name are one where a third name of either makes them so", () => {
  const linked = [
    vote("a", "approved"),
    vote("b", "approved"),
    vote("c", "approved", { aliases: ["a", "b"] }),
  ];
  expect(outcomeOf(linked, { approve: 2, reject: 1 }, "a")).toBeNull();
});

test("votes for other arguments do not count, rejections do whatever they were for, and they count first", () => {
  const quorum = { approve: 1, reject: 2 };
  expect(outcomeOf([vote("ann", "approved", { argsHash: "b" })], quorum, "a")).toBeNull();
  const both = [
    vote("ann", "approved"),
    vote("bob", "rejected", { argsHash: "b" }),
    vote("cat", "rejected"),
  ];
  expect(outcomeOf(both, quorum, "a")).toBe("rejected");
});

interface Ballot {
  person: number;
  credential: number;
  status: Decision["status"];
  args: "a" | "b";
}

/** What the votes come to, by the plainest means: people are numbers, each says what they say first, and may still say no. */
function reference(ballots: Ballot[], approve: number, reject: number): string {
  const counted = new Map<number, Ballot>();
  for (const ballot of ballots) {
    const before = counted.get(ballot.person)?.status;
    if (before === "rejected" || (before !== undefined && ballot.status === "approved")) continue;
    counted.set(ballot.person, ballot);
    const said = [...counted.values()];
    if (said.filter(({ status }) => status === "rejected").length >= reject) return "rejected";
    const yes = said.filter(({ args, status }) => status === "approved" && args === ballot.args);
    if (ballot.status === "approved" && yes.length >= approve) return "approved";
  }
  return "pending";
}

test("whoever votes, in whatever order, by whatever credential: the outcome is the reference's", () => {
  const ballot = fc.record({
    person: fc.nat(5),
    credential: fc.nat(2),
    status: fc.constantFrom("approved" as const, "rejected" as const),
    args: fc.constantFrom("a" as const, "b" as const),
  });
  const runs = Number((env as { KERN_SEEDS?: string }).KERN_SEEDS) || 2000;
  fc.assert(
    fc.property(
      fc.array(ballot, { maxLength: 14 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      (ballots, approve, reject) => {
        let standing: Standing = {
          status: "pending",
          expiresAtMs: null,
          principal: null,
          resolvedBy: null,
          data: null,
          rules: { ...openRules, quorum: { approve, reject } },
          requesters: [],
          escalatedTo: [],
          votes: [],
        };
        for (const { args, credential, person, status } of ballots) {
          const decider: Decider = {
            principal: `credential ${credential} of ${person}`,
            shared: false,
            claim: null,
            aliases: [`person${person}@example.com`],
          };
          const ruling = rule(standing, { status, data: null }, decider, {
            argsHash: args,
            nowMs: 0,
          });
          if (ruling.kind === "count")
            standing = { ...standing, votes: [...standing.votes, ruling.vote] };
          if (ruling.kind === "accept") standing = { ...standing, status: ruling.status };
        }
        expect(standing.status).toBe(reference(ballots, approve, reject));
      },
    ),
    { numRuns: runs },
  );
});
