import type { ModalView } from "@slack/types";
import type { Decision } from "../../approval/decision.ts";
import { fieldsOf, inputName } from "../../approval/control.ts";
import { readAnswer } from "../../approval/read-answer.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { KernError } from "../../errors.ts";
import type { Account, Answered, Desk, Refused } from "../channel.ts";
import { actions, readTarget, type Target } from "./buttons.ts";
import { refusalIn, type SlackClient } from "./client.ts";
import { blockId, type Input, inputsOf, typedId } from "./inputs.ts";
import type { Payload, Press, Shortcut, Submission, Typed } from "./payload.ts";
import { printed } from "./text.ts";
import { codeBlock, decisionView, linkView, readDecisionView, views } from "./views.ts";
import { visitorOf, type Workspace } from "./visitor.ts";

/** What comes of something that somebody has done. */
export type Reply =
  | { kind: "done" }
  /** Said to them alone. */
  | { kind: "word"; text: string; offersLink: boolean }
  /** What is wrong with what they have filled in, by its blocks: the form stays as it is. */
  | { kind: "errors"; errors: Record<string, string> };

interface Parts {
  client: SlackClient;
  desk: Desk;
  workspace: Workspace;
}

/** Does what somebody has asked for, as whoever they are linked to; what is refused is said to them alone. */
export async function handle(payload: Payload, parts: Parts): Promise<Reply> {
  // A button that leads elsewhere is told of as well.
  if (isOfNoInterest(payload)) return { kind: "done" };
  const visitor = await visitorOf(payload, parts.workspace, parts.client);
  if (visitor.kind === "refused") return word(visitor.message);
  try {
    const { account } = visitor;
    switch (payload.type) {
      case "block_actions":
        return await pressed(payload, account, parts);
      case "view_submission":
        return await submitted(payload, account, parts);
      case "shortcut":
        return await open(parts.client, payload, linkView());
    }
  } catch (error) {
    if (!(error instanceof KernError)) throw error;
    return word(error.message);
  }
}

function isOfNoInterest(payload: Payload): boolean {
  if (payload.type === "shortcut") return payload.callback_id !== views.link;
  if (payload.type === "view_submission") return false;
  const known: string[] = Object.values(actions);
  return !payload.actions.some(({ action_id }) => known.includes(action_id));
}

async function pressed(press: Press, account: Account, parts: Parts): Promise<Reply> {
  const [action] = press.actions;
  if (action?.action_id === actions.link) return open(parts.client, press, linkView());
  const target = readTarget(action?.value ?? "");
  if (target === null) return word("This button is of no approval.");
  if (action?.action_id === actions.approve)
    return decide(target, { status: "approved", data: null }, account, parts);
  const status = action?.action_id === actions.reject ? "rejected" : "approved";
  const form = await formOf(target, status, account, parts);
  if ("kind" in form) return form;
  return open(parts.client, press, decisionView(form.approval, status, form.inputs));
}

async function submitted({ view }: Submission, account: Account, parts: Parts): Promise<Reply> {
  const { values } = view.state;
  if (view.callback_id === views.link)
    return link(textOf(values[codeBlock]?.[typedId]), account, parts.desk);
  const read = readDecisionView(view.private_metadata);
  if (view.callback_id !== views.decision || read === null)
    return word("This form is of no approval.");
  const { status, target } = read;
  const form = await formOf(target, status, account, parts);
  if ("kind" in form) return form;
  const { approval, inputs } = form;
  const typed = new Map(
    inputs.map(({ name, read }, at) => [name, read(textOf(values[blockId(at)]?.[typedId]))]),
  );
  const answer = readAnswer(approval, typed.set("decision", status));
  if (!answer.ok) return errorsIn(inputs, answer.reasons);
  return decide(target, answer.decision, account, parts, form);
}

interface Form {
  approval: ApprovalRecord;
  inputs: Input[];
}

/** What an answer to this approval asks for, as long as it waits. */
async function formOf(
  { approvalId, argsHash }: Target,
  status: Decision["status"],
  account: Account,
  { desk }: Parts,
): Promise<Form | Reply> {
  const read = await desk.read(approvalId, account);
  if (read.kind === "refused") return refusal(read);
  const { approval } = read;
  if (approval.args_hash !== argsHash)
    return word("What you were shown is not what is asked. Look at it anew.");
  if (approval.status !== "pending")
    return word(`Approval is already '${approval.status}' and cannot be resolved`);
  const inputs = inputsOf(approval, status);
  return inputs === null
    ? word("Slack cannot show all that this needs. Decide it in the panel.")
    : { approval, inputs };
}

async function decide(
  { approvalId, argsHash }: Target,
  decision: Decision,
  account: Account,
  { desk }: Parts,
  form: Form | null = null,
): Promise<Reply> {
  const answered: Answered = await desk.decide(approvalId, decision, account, argsHash);
  // Who has decided, the message says to everybody.
  if (answered.kind === "decided") return { kind: "done" };
  const fields = form === null ? [] : fieldsOf(form.approval);
  const reasons = new Map(
    fields.flatMap((field) => {
      const reason = Object.entries(answered.fields ?? {}).find(([name]) => name === field.name);
      return reason === undefined ? [] : [[inputName(field), reason[1]] as const];
    }),
  );
  return form === null || reasons.size === 0 ? refusal(answered) : errorsIn(form.inputs, reasons);
}

async function link(code: string, account: Account, desk: Desk): Promise<Reply> {
  const name = await desk.link(code, account);
  if (name !== null) return word(`Your account is linked: here you are ${name} from now on.`);
  const text =
    "This code is not good: it is over, was used, or is mistyped. Make another in the panel.";
  return { kind: "errors", errors: { [codeBlock]: text } };
}

async function open(
  client: SlackClient,
  { trigger_id }: Press | Shortcut,
  view: ModalView,
): Promise<Reply> {
  try {
    await client.views.open({ trigger_id, view: view as never });
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === "expired_trigger_id") return word("That took too long for Slack: press again.");
    // It is open already.
    if (refusal !== "exchanged_trigger_id") throw error;
  }
  return { kind: "done" };
}

/** What is wrong stands with its input; what is with none of them is said by itself. */
function errorsIn(inputs: readonly Input[], reasons: ReadonlyMap<string, string>): Reply {
  const errors = inputs.flatMap(({ name }, at) => {
    const reason = reasons.get(name);
    return reason === undefined ? [] : [[blockId(at), printed(reason)] as const];
  });
  return errors.length === 0
    ? word("That answer cannot be read. Nothing was decided.")
    : { kind: "errors", errors: Object.fromEntries(errors) };
}

function refusal({ message, reason }: Refused): Reply {
  return { kind: "word", text: message, offersLink: reason === "unlinked" };
}

function word(text: string): Reply {
  return { kind: "word", text, offersLink: false };
}

function textOf(typed: Typed | undefined): string {
  return typed?.value ?? typed?.selected_option?.value ?? typed?.selected_date ?? "";
}
