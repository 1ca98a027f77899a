import { ineligible } from "../approval/eligible.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import type { LinkRow } from "../run/channel-store.ts";
import { maySee } from "./own.ts";
import { deciderOf, holds, mayDecide, type Principal } from "./principal.ts";

/** Those of the accounts whose people may decide on this approval: by the rules that judge the decision as well. */
export function approversIn(
  linked: readonly { row: LinkRow; principal: Principal }[],
  { policy, requested_by: requestedBy, user_id: userId }: ApprovalRecord,
): { id: string; name: string }[] {
  const { allow_self: allowSelf, approvers, min_assurance: minAssurance, quorum } = policy;
  const requesters = [requestedBy, userId].flatMap((principal) =>
    principal === null ? [] : [{ principal, aliases: [] }],
  );
  const setting = {
    rules: { allowSelf, approvers, minAssurance, quorum },
    requesters,
    escalatedTo: policy.escalated_to,
  };
  return linked
    .filter(
      ({ principal }) =>
        holds(principal, "approvals:write") &&
        mayDecide(principal) &&
        maySee(principal, requestedBy) &&
        ineligible(deciderOf(principal, null), setting) === null,
    )
    .map(({ row: { id, name } }) => ({ id, name }));
}
