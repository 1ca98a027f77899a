import type { Child } from "hono/jsx";
import { visible } from "../approval/visible.ts";
import type { ApprovalPolicy } from "../tools/policy.ts";
import type { Tool } from "../tools/tool.ts";
import { decidersInWords } from "../approval/words.ts";
import { spanInWords } from "./span.ts";
import { words } from "./words.ts";

const { gate, policy: say } = words.agents;

/** Whether a call of the tool waits, for whom, and what they are asked for. */
export function gateInWords(tool: Tool): string {
  const { approval, externalExecution, requiresConfirmation, requiresUserInput } = tool;
  const record = approval?.type === "audit" ? gate.recorded : "";
  const who = approval?.type === "required" ? gate.approver : gate.user;
  if (requiresConfirmation) return gate.confirm(who, record);
  if (requiresUserInput) return gate.fillIn(who, tool.userInputFields.join(", "), record);
  if (externalExecution) return gate.execute(who, record);
  return gate.none(record);
}

/** The policy of a tool as its code states it, fact by fact; what functions say of each call is told as that. */
export function ToolPolicy({ policy }: { policy: ApprovalPolicy }) {
  const { approversOf, expiresInMs, preview, rules, useWithinMs, when } = policy;
  const { edit, escalate, reasons, remindAfterMs, risk, secret } = rules;
  const deciders = decidersInWords({
    allow_self: rules.allowSelf,
    approvers: approversOf === null ? rules.approvers : [say.deciders],
    escalated_to: [],
    min_assurance: rules.minAssurance,
    quorum: rules.quorum,
  });
  const expires = spanInWords(expiresInMs);
  return (
    <dl>
      <Fact term={say.asked}>{when === null ? say.everyCall : say.byCode}</Fact>
      <Fact term={say.whoDecides}>{visible(deciders)}</Fact>
      {risk !== null && <Fact term={say.risk}>{words.risks[risk]}</Fact>}
      <Fact term={say.expires}>
        {rules.onExpire === "reject" ? say.refused(expires) : say.cancelled(expires)}
      </Fact>
      <Fact term={say.use}>{say.ofDecision(spanInWords(useWithinMs))}</Fact>
      {edit.length > 0 && <Fact term={say.edit}>{listed(edit)}</Fact>}
      {reasons !== null && <Fact term={say.reasons}>{listed(reasons)}</Fact>}
      {remindAfterMs.length > 0 && (
        <Fact term={say.reminders}>{say.after(remindAfterMs.map(spanInWords).join(", "))}</Fact>
      )}
      {escalate.map(({ afterMs, to }) => (
        <Fact term={say.escalation}>{say.afterAlso(spanInWords(afterMs), listed(to))}</Fact>
      ))}
      {secret.length > 0 && <Fact term={say.secret}>{listed(secret)}</Fact>}
      {preview !== null && <Fact term={say.preview}>{say.byCode}</Fact>}
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
