import { randomUUID } from "node:crypto";
import { exactName } from "../approval/alias.ts";
import type { DeliveryContext, Notice, NoticeType } from "../approval/notice.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import type { Channel } from "./channel.ts";
import { isAddress, type Mailbox, mailboxOf } from "./email/address.ts";
import { answers, audienceOf } from "./email/answers.tsx";
import { bindingTransport } from "./email/binding.ts";
import { type Letter, letterOf } from "./email/letter.ts";
import { signLink } from "./email/link-token.ts";
import type { EmailMessage, Transport } from "./email/message.ts";
import { type Groups, namedBy, peopleBehind, type Recipient } from "./email/recipients.ts";
import { htmlOf, textOf, type Ways } from "./email/render.tsx";
import { keptIn, sendAll } from "./email/send.ts";
import { channelId } from "./id.ts";

export type { EmailMessage, Mailbox, Transport };

export interface EmailOptions {
  /** Default "email". */
  id?: string;
  /** Whom mails are from: an address that the service may send from. */
  from: string | Mailbox;
  /** Whom mails go to. Default: those whom the policy names by an address, or by a group that `groups` knows. */
  to?: readonly string[] | ((approval: ApprovalRecord) => readonly string[]);
  /** Who is in a policy's groups: `{ finance: ["ann@example.com"] }` for "group:finance". */
  groups?: Readonly<Record<string, readonly string[]>>;
  /** The Worker's send_email binding; default "EMAIL". */
  binding?: string;
  /** Sends in place of the binding, by any other service. */
  transport?: Transport;
  /** Tells those who were asked what came of it, too. Default false. */
  outcome?: boolean;
}

const asks: readonly NoticeType[] = ["approval.pending", "approval.reminded", "approval.escalated"];
const outcomes: readonly NoticeType[] = [
  "approval.resolved",
  "approval.expired",
  "approval.cancelled",
  "approval.executed",
];
const maxBackOffMs = 3_600_000;
const maxLinkMs = 7 * 86_400_000;

/**
 * Asks by mail, one to each: with a link into the panel, and, where a policy says `minAssurance: "email"` and the variable
 * EMAIL_LINK_KEYS is set, with one that decides without a sign-in, once. Throws a TypeError that names what does not fit.
 */
export function email(options: EmailOptions): Channel {
  const {
    outcome = false,
    to = null,
    transport = bindingTransport(options.binding ?? "EMAIL"),
  } = options;
  const id = channelId(options.id ?? "email");
  const from = mailboxOf(options.from);
  const groups: Groups = new Map(Object.entries(options.groups ?? {}));
  for (const address of [...groups.values(), Array.isArray(to) ? to : []].flat())
    if (!isAddress(address)) throw new TypeError(`'${address}' is no address that mail goes to.`);
  const wanted = new Set([...asks, ...(outcome ? outcomes : [])]);

  /** Whom this is for. */
  const peopleFor = (notice: Notice, approval: ApprovalRecord, sentTo: readonly string[]) => {
    if (outcomes.includes(notice.type)) return peopleBehind(sentTo, groups);
    const isNew = ({ address }: Recipient): boolean => !sentTo.includes(exactName(address));
    if (to !== null) {
      const people = peopleBehind(typeof to === "function" ? to(approval) : to, groups);
      return notice.type === "approval.escalated" ? people.filter(isNew) : people;
    }
    return notice.type === "approval.escalated"
      ? peopleBehind(notice.to ?? [], groups).filter(isNew)
      : namedBy(approval, groups);
  };

  /** The link of this one recipient's; null where the policy asks for more, or for more than a yes or a no. */
  const ownWay = async (
    approval: ApprovalRecord,
    letter: Letter,
    { address }: Recipient,
    { env, nowMs, urlOf }: DeliveryContext,
  ): Promise<Ways["own"]> => {
    const sub = exactName(address);
    const named = namedBy(approval, groups).find((one) => exactName(one.address) === sub);
    if (named === undefined || !letter.isWhole || !isYesOrNo(approval)) return null;
    const latest = Math.floor((nowMs + maxLinkMs) / 1000);
    const exp = Math.min(approval.expires_at ?? latest, latest);
    const claims = { approval: approval.id, args_hash: approval.args_hash, sub, exp };
    const audience = audienceOf(id, urlOf);
    const link = { ...claims, groups: [...named.groups], jti: randomUUID() };
    const token = await signLink(env, link, audience);
    if (token === null) return null;
    return { url: `${audience}/${approval.id}#${token}`, untilSeconds: exp };
  };

  return {
    id,
    maxBackOffMs,
    wants: (type) => wanted.has(type),
    async tell(notice, context) {
      const { approval } = notice;
      if (approval === null || !wanted.has(notice.type))
        return { kind: "sent", receipt: context.receipt };
      const { sentTo } = keptIn(context.receipt);
      const people = peopleFor(notice, approval, sentTo);
      if (people.length === 0) {
        const isAsk = notice.type === "approval.pending";
        const problem = isAsk ? { problem: nobody(id, approval) } : {};
        return { kind: "sent", receipt: context.receipt, ...problem };
      }
      const isFirst = sentTo.length === 0;
      const letter = letterOf(approval, { isFirst, nowMs: context.nowMs, type: notice.type });
      const panelUrl = context.urlOf(`/panel/approvals/${approval.id}`);
      const thread = `<${approval.id}@${new URL(panelUrl).hostname}>`;
      const write = async (person: Recipient): Promise<EmailMessage> => {
        const ways = { panelUrl, own: await ownWay(approval, letter, person, context) };
        return {
          from,
          to: person.address,
          subject: letter.subject,
          text: textOf(letter, ways),
          html: await htmlOf(letter, ways),
          headers: {
            "Auto-Submitted": "auto-generated",
            // No mail has this id: what refers to it stands together all the same.
            References: thread,
            "In-Reply-To": thread,
            "X-Kern-Notice": notice.id,
          },
          idempotencyKey: `${notice.id}/${exactName(person.address)}`,
        };
      };
      return sendAll(notice, people, write, transport, context);
    },
    answers: (desk) => answers({ id, groups, desk }),
  };
}

/** Whether a yes or a no is all that it takes, and the policy takes them from whoever has the mail. */
function isYesOrNo({ context, pause_type, policy, status }: ApprovalRecord): boolean {
  return (
    status === "pending" &&
    policy.min_assurance === "email" &&
    pause_type === "confirmation" &&
    context["reason"] !== "unknown_outcome"
  );
}

function nobody(id: string, { policy, tool_name }: ApprovalRecord): string {
  const named = policy.approvers?.join(", ") ?? "nobody in particular";
  const text = `The channel '${id}' has nobody to mail about '${tool_name}': its approvers are ${named}. Name addresses there, give email() groups for its groups, or to.`;
  console.error(`kern: ${text}`);
  return text;
}
