import type { Child } from "hono/jsx";
import { visible } from "../approval/visible.ts";
import type { ApprovalPolicy } from "../tools/policy.ts";
import type { Tool } from "../tools/tool.ts";
import { decidersInWords } from "../approval/words.ts";
import { spanInWords } from "./span.ts";

/** Whether a call of the tool waits, for whom, and what they are asked for. */
export function gateInWords(tool: Tool): string {
  const { approval, externalExecution, requiresConfirmation, requiresUserInput } = tool;
  const record = approval?.type === "audit" ? ", and a record of it is left" : "";
  const who = approval?.type === "required" ? "an approver" : "the run's own user";
  if (requiresConfirmation) return `Waits for ${who} to confirm it${record}.`;
  if (requiresUserInput)
    return `Waits for ${who} to fill in ${tool.userInputFields.join(", ")}${record}.`;
  if (externalExecution) return `Waits for ${who} to do it and hand in the result${record}.`;
  return `Runs without asking${record}.`;
}

/** The policy of a tool as its code states it, fact by fact; what functions say of each call is told as that. */
export function ToolPolicy({ policy }: { policy: ApprovalPolicy }) {
  const { approversOf, expiresInMs, preview, rules, useWithinMs, when } = policy;
  const { edit, escalate, reasons, remindAfterMs, risk, secret } = rules;
  const deciders = decidersInWords({
    allow_self: rules.allowSelf,
    approvers: approversOf === null ? rules.approvers : ["people decided by code"],
    escalated_to: [],
    min_assurance: rules.minAssurance,
    quorum: rules.quorum,
  });
  const lapse =
    rules.onExpire === "reject" ? "then the call is refused" : "then the run is cancelled";
  return (
    <dl>
      <Fact term="Asked for">{when === null ? "Every call" : "Decided by code"}</Fact>
      <Fact term="Who decides">{visible(deciders)}</Fact>
      {risk !== null && <Fact term="Risk">{risk}</Fact>}
      <Fact term="Expires in">{`${spanInWords(expiresInMs)}, ${lapse}`}</Fact>
      <Fact term="Use within">{`${spanInWords(useWithinMs)} of the decision`}</Fact>
      {edit.length > 0 && <Fact term="May be changed">{listed(edit)}</Fact>}
      {reasons !== null && <Fact term="Reasons to reject">{listed(reasons)}</Fact>}
      {remindAfterMs.length > 0 && (
        <Fact term="Reminders">{`after ${remindAfterMs.map(spanInWords).join(", ")}`}</Fact>
      )}
      {escalate.map(({ afterMs, to }) => (
        <Fact term="Escalation">{`after ${spanInWords(afterMs)} also ${listed(to)}`}</Fact>
      ))}
      {secret.length > 0 && <Fact term="Shown to nobody">{listed(secret)}</Fact>}
      {preview !== null && <Fact term="Preview">Decided by code</Fact>}
    </dl>
  );
}

function Fact({ term, children }: { term: string; children?: Child }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

function listed(names: readonly string[]): string {
  return visible(names.join(", "));
}
