import { z } from "zod";
import type { DeliveryContext, Notice, Told } from "../../approval/notice.ts";
import { KernError } from "../../errors.ts";
import { refusalIn, type SlackClient } from "./client.ts";
import { follow, Place } from "./follow.ts";
import { approvalMessage } from "./message.ts";
import { accountsOf, type Workspace } from "./visitor.ts";

/** What is kept of the messages about one approval. */
const Kept = z.object({
  /** Where each one's is, by their account. */
  sentTo: z.record(z.string(), Place),
  /** Of a notice that not everybody could be told of yet: who has been. */
  reached: z.object({ notice: z.string(), accounts: z.array(z.string()) }).optional(),
});

/** Whoever is asked one by one is asked soon: more people than this read a channel. */
const maxPeople = 50;
/** How many messages are on their way at once. */
const atOnce = 5;
/** What Slack says of somebody to whom nothing can be sent, whenever it is tried. */
const final = new Set(["channel_not_found", "user_not_found", "user_disabled", "is_archived"]);

/**
 * Writes to each linked member who may decide, and has all those messages follow the approval. Throws where nobody was
 * reached, and another attempt may help.
 */
export async function tellApprovers(
  notice: Notice,
  { approvers, receipt, signal, urlOf }: DeliveryContext,
  { client, id, workspace }: { client: SlackClient; id: string; workspace: Workspace },
): Promise<Told> {
  const { approval } = notice;
  if (approval === null) return { kind: "sent", receipt: null };
  const { data: kept } = Kept.safeParse(receipt);
  const sentTo = new Map(Object.entries(kept?.sentTo ?? {}));
  const isPending = approval.status === "pending";
  const mayDecide = isPending
    ? (await approvers(accountsOf(workspace))).map((account) => account.id)
    : [];
  const all = [...new Set([...sentTo.keys(), ...mayDecide])];
  const people = all.slice(0, Math.max(maxPeople, sentTo.size));
  if (people.length === 0) {
    const problem = isPending && { problem: warn(id, approval.tool_name, nobody) };
    return { kind: "sent", receipt, ...problem };
  }
  const message = approvalMessage(approval, urlOf);
  const reached = new Set(kept?.reached?.notice === notice.id ? kept.reached.accounts : []);
  const before = reached.size;
  const refused: string[] = [];
  const failures: unknown[] = [];
  const writeTo = async (account: string): Promise<void> => {
    // Whoever may decide no more is not written to anew.
    const channel = mayDecide.includes(account) ? userIn(account) : null;
    const place = sentTo.get(account) ?? null;
    try {
      const now = await follow(notice, { client, channel, message, place });
      if (now !== null) sentTo.set(account, now);
      reached.add(account);
    } catch (error) {
      const code = refusalIn(error) ?? "";
      if (final.has(code)) refused.push(`${userIn(account)} (${code})`);
      else failures.push(error);
    }
  };
  const rest = people.filter((account) => !reached.has(account));
  for (let at = 0; at < rest.length && !signal.aborted && !failures.some(asksToWait); at += atOnce)
    await Promise.all(rest.slice(at, at + atOnce).map(writeTo));
  if (signal.aborted) failures.push(new KernError("unavailable", "There was no time for all."));
  const places = Object.fromEntries(sentTo);
  if (failures.length > 0) {
    const failure = failures.find(asksToWait) ?? failures[0];
    if (!(failure instanceof KernError) || reached.size === before) throw failure;
    const { message: reason, retryAfterMs } = failure;
    return {
      kind: "partly",
      receipt: { sentTo: places, reached: { notice: notice.id, accounts: [...reached] } },
      reason: `${reached.size} of ${people.length} were reached. ${reason}`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
  const problems = [
    ...(refused.length > 0 ? [`Slack takes no message for ${refused.join(", ")}.`] : []),
    ...(all.length > people.length
      ? [warn(id, approval.tool_name, `writes to ${people.length} of ${all.length} ${tooMany}`)]
      : []),
  ];
  const problem = problems.join(" ").slice(0, 500);
  return { kind: "sent", receipt: { sentTo: places }, ...(problem !== "" && { problem }) };
}

/** The rest would be told to wait as well. */
function asksToWait(error: unknown): boolean {
  return error instanceof KernError && error.retryAfterMs !== undefined;
}

function userIn(account: string): string {
  return account.slice(account.lastIndexOf(":") + 1);
}

const nobody =
  "has nobody to write to: nobody who may decide has linked a Slack account. They link it in the panel, under Settings.";
const tooMany = "who may decide, and to no more: give slack() a channel in place of 'to'.";

function warn(id: string, toolName: string, what: string): string {
  const text = `About '${toolName}' the channel '${id}' ${what}`;
  console.error(`kern: ${text}`);
  return text;
}
