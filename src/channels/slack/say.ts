import { KernError } from "../../errors.ts";
import { linkButton } from "./buttons.ts";
import type { SlackClient } from "./client.ts";
import type { Reply } from "./handle.ts";
import { type Message, said } from "./message.ts";
import type { Payload, Press } from "./payload.ts";
import { wordView } from "./views.ts";

/** What it takes to say something to one person. */
interface Line {
  client: SlackClient;
  send: typeof fetch;
  signal: AbortSignal;
  /** Where words may be sent to: an address that came with a request is followed to Slack alone. */
  hookOrigins: readonly string[];
}

/** Says it to the one who has pressed, and to nobody else. */
export async function sayAlone(
  payload: Exclude<Payload, { type: "view_submission" }>,
  reply: Reply,
  line: Line,
): Promise<void> {
  if (reply.kind !== "word") return;
  if (payload.type === "shortcut") {
    const { trigger_id } = payload;
    await line.client.views.open({ trigger_id, view: wordView(reply.text) as never });
    return;
  }
  const { blocks, text } = said(reply.text);
  const message = { text, blocks: reply.offersLink ? [...blocks, linkButton()] : blocks };
  if (!(await sayByHook(payload.response_url ?? "", message, line)))
    await sayInChannel(payload, message, line.client);
}

/** Says in the form's place what came of it after all. */
export async function sayLate(external_id: string, reply: Reply, { client }: Line): Promise<void> {
  const view = { ...wordView(lateWord(reply)), external_id };
  await client.views.update({ external_id, view: view as never });
}

/** False where the address that Slack gave for it is of no use. */
async function sayByHook(
  url: string,
  message: Message,
  { hookOrigins, send, signal }: Line,
): Promise<boolean> {
  if (!URL.canParse(url) || !hookOrigins.includes(new URL(url).origin)) return false;
  const answer = await send(url, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ response_type: "ephemeral", replace_original: false, ...message }),
    signal,
  }).catch(() => {
    // What the platform says of it may hold the address, by which anybody may speak there.
    throw new KernError("unavailable", "Slack cannot be reached.");
  });
  await answer.body?.cancel();
  return answer.ok;
}

async function sayInChannel(
  { channel, user }: Press,
  { blocks, text }: Message,
  client: SlackClient,
): Promise<void> {
  if (channel === null || channel === undefined) return;
  await client.chat.postEphemeral({
    channel: channel.id,
    user: user.id,
    text,
    blocks: blocks as never[],
    parse: "none",
  });
}

function lateWord(reply: Reply): string {
  switch (reply.kind) {
    case "done":
      return "It is done.";
    case "word":
      return reply.text;
    case "errors":
      return `Go back: this was not taken. ${Object.values(reply.errors).join(" ")}`;
  }
}
