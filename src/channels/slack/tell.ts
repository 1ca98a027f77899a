import type { DeliveryContext, Notice, Told } from "../../approval/notice.ts";
import type { SlackClient } from "./client.ts";
import { follow, Place } from "./follow.ts";
import { approvalMessage } from "./message.ts";

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
  const message = approvalMessage(approval, urlOf);
  const place = known.success ? known.data : null;
  const now = await follow(notice, { client, channel, message, place });
  return { kind: "sent", receipt: now ?? receipt };
}
