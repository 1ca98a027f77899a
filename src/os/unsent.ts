import type { RunEvent } from "../run/events.ts";

/** What a reader has been sent. */
export interface Sent {
  /** The index of the event that comes next. */
  next: number;
  /** The text of the step that is not committed yet, as far as it was sent piece by piece. */
  text: string;
}

/**
 * What is to be sent of an event, null for nothing. However often the run was asked in between, each event is sent once,
 * and the pieces of a step's text make the whole. Where a step was asked of the model again and its text became another
 * one, it is sent whole, with `replaces: true`: it stands in place of the pieces before it.
 */
export function unsent(
  sent: Sent,
  { offset, ...event }: RunEvent,
): { event: RunEvent | null; sent: Sent } {
  const { event_index: index } = event;
  const content = String(event["content"]);
  const isText = event.event === "RunContent" || event.event === "TeamRunContent";
  if (index === undefined && isText) {
    const piece = continuation(sent.text, content, Number(offset));
    const text = sent.text + piece;
    return { event: piece === "" ? null : { ...event, content: piece }, sent: { ...sent, text } };
  }
  if (index === undefined) return { event, sent };
  if (index < sent.next) return { event: null, sent };
  const after = { next: index + 1, text: "" };
  if (!isText || sent.text === "") return { event, sent: after };
  if (!content.startsWith(sent.text)) return { event: { ...event, replaces: true }, sent: after };
  const rest = content.slice(sent.text.length);
  return { event: rest === "" ? null : { ...event, content: rest }, sent: after };
}

/** What a piece that begins at `offset` adds to the text; nothing where it does not continue it. */
function continuation(text: string, piece: string, offset: number): string {
  const known = text.slice(offset);
  return offset <= text.length && piece.startsWith(known) ? piece.slice(known.length) : "";
}
