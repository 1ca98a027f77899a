import { expect, test } from "vitest";
import { ineligible } from "../../src/approval/eligible.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { Approvals } from "../../src/os/approvals.ts";
import { deskOf } from "../../src/os/desk.ts";
import { linksOf } from "../../src/os/links.ts";
import { deciderOf, type Principal } from "../../src/os/principal.ts";
import { openRules } from "../../src/tools/policy.ts";
import { bindings } from "../client.ts";
import { db } from "../database.ts";
import { clock } from "../world.ts";

const record = { args_hash: "a".repeat(64), policy: { min_assurance: "email" } } as ApprovalRecord;

/** As whom this address decides. */
async function decidingAs(address: string, groups: string[] = []): Promise<Principal[]> {
  const found: Principal[] = [];
  const approvals = {
    get: async () => record,
    resolve: async (_env: object, _id: string, _decision: object, principal: Principal) => {
      found.push(principal);
      return record;
    },
  } as unknown as Approvals;
  const links = linksOf(db, false, clock.now);
  const desk = deskOf({ approvals, db, links, url: "https://kern.example.com", now: clock.now });
  const decision = { status: "approved", data: null } as const;
  await desk(bindings).decide("apr_1", decision, { address, groups }, record.args_hash);
  return found;
}

test("an address is an approver by its name and its groups, and by no scope that approvers are named by", async () => {
  const [principal] = await decidingAs("fin1@example.com");
  if (principal === undefined) throw new Error("Nobody decided.");
  const why = (...approvers: string[]) =>
    ineligible(deciderOf(principal, null), {
      rules: { ...openRules, approvers, minAssurance: "email" },
      requesters: [],
      escalatedTo: [],
    });
  expect(why("fin1@example.com")).toBeNull();
  expect(why("group:finance", "scope:approvals:write", "scope:approvals:read")).toBe(
    "This approval is for group:finance, scope:approvals:write, scope:approvals:read.",
  );
});
