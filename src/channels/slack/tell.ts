import { z } from "zod";
import type { DeliveryContext, Notice, Told } from "../../approval/notice.ts";
import { KernError } from "../../errors.ts";
import { refusalIn, type SlackClient } from "./client.ts";
import { approvalMessage, type Message, said } from "./message.ts";

/** Where a message is. */
const Place = z.object({ channel: z.string(), ts: z.string() });
type Place = z.output<typeof Place>;

/** What says that a message can be changed no more: it is not there, or too old. */
const gone = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

/** Nothing in a message leads anywhere or calls anybody by itself. */
const quiet = { unfurl_links: false, unfurl_media: false, link_names: false } as const;

/**
 * Posts a message of an approval that waits, and has it follow the approval from then on. Of one that was never told of
 * while it waited, nothing is sent.
 */
export async function tellSlack(
  notice: Notice,
  { receipt, urlOf }: DeliveryContext,
  { channel, client }: { channel: string; client: SlackClient },
): Promise<Told> {
  const { approval } = notice;
  if (approval === null) return { kind: "sent", receipt: null };
  const known = Place.safeParse(receipt);
  const isPending = approval.status === "pending";
  const message = approvalMessage(approval, urlOf);
  const isThere = known.success && (await update(client, known.data, message));
  if (!isThere && !isPending) return { kind: "sent", receipt };
  const place = isThere ? known.data : await post(client, { channel }, message);
  const call = isThere && isPending ? callOf(notice) : null;
  if (call !== null)
    await post(client, { channel: place.channel, thread_ts: place.ts }, said(call));
  return { kind: "sent", receipt: place };
}

async function post(
  client: SlackClient,
  where: { channel: string; thread_ts?: string },
  message: Message,
): Promise<Place> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window's
  const answer = await client.chat.postMessage({ ...where, ...quiet, ...plainly(message) });
  const place = Place.safeParse(answer);
  if (!place.success) throw new KernError("unavailable", "Slack did not say where the message is.");
  return place.data;
}

/** False where the message is there no more. */
async function update(client: SlackClient, place: Place, message: Message): Promise<boolean> {
  try {
    await client.chat.update({ ...place, link_names: false, ...plainly(message) });
    return true;
  } catch (error) {
    if (gone.has(refusalIn(error) ?? "")) return false;
    throw error;
  }
}

/** What is said beside the message, so that whoever follows it hears of it. */
function callOf({ to, type }: Notice): string | null {
  if (type === "approval.reminded") return "This still waits for a decision.";
  if (type !== "approval.escalated") return null;
  return `Nobody has decided yet. From now on this is also for ${(to ?? []).join(", ")}.`;
}

function plainly({ blocks, text }: Message) {
  return { text, blocks: blocks as never[], parse: "none" as const };
}
