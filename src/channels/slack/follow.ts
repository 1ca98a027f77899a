import { z } from "zod";
import type { Notice } from "../../approval/notice.ts";
import { KernError } from "../../errors.ts";
import { refusalIn, type SlackClient } from "./client.ts";
import { type Message, said } from "./message.ts";

/** Where a message is. */
export const Place = z.object({ channel: z.string(), ts: z.string() });
export type Place = z.output<typeof Place>;

export interface Following {
  client: SlackClient;
  message: Message;
  /** Where the message is by now; null where there is none. */
  place: Place | null;
  /** Where it is posted while it is not there and the approval waits; null where it is not to be. */
  channel: string | null;
}

/** What says that a message can be changed no more: it is not there, or too old. */
const gone = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

/** Nothing in a message leads anywhere or calls anybody by itself. */
const quiet = { unfurl_links: false, unfurl_media: false, link_names: false } as const;

/** Has one message say how its approval stands, and where that is; null where there is none, and none is to be. */
export async function follow(
  notice: Notice,
  { channel, client, message, place }: Following,
): Promise<Place | null> {
  const isPending = notice.approval?.status === "pending";
  if (place !== null && (await update(client, place, message))) {
    const call = isPending ? callOf(notice) : null;
    if (call !== null)
      await post(client, { channel: place.channel, thread_ts: place.ts }, said(call));
    return place;
  }
  return isPending && channel !== null ? post(client, { channel }, message) : place;
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
