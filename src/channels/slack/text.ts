import type { PlainTextElement } from "@slack/types";
import { visible } from "../../approval/visible.ts";

/** The most that Slack takes in one text. */
export const maxTextLength = 3000;

/**
 * The text as Slack shows it without reading anything into it: what cannot be seen is spelled out, and its three control
 * characters are escaped (https://docs.slack.dev/messaging/formatting-message-text#escaping).
 */
export function printed(text: string): string {
  return escaped(visible(text));
}

/** The text on one line, so that nothing in it passes for a line of its own. */
export function onOneLine(text: string): string {
  return text.replaceAll("\n", "\\u{000A}");
}

/** A text object that is not marked up: of what is in it nothing is bold, a link, an emoji, or a call to anybody. */
export function plain(text: string): PlainTextElement {
  return { type: "plain_text", text, emoji: false };
}

/** As many whole lines as fit in so many texts; of what does not fit, the beginning, and that it is not all. */
export function fitted(
  text: string,
  { count = 1, max = maxTextLength } = {},
): { texts: string[]; isWhole: boolean } {
  const texts: string[] = [];
  let current: string | null = null;
  for (const line of visible(text).split("\n")) {
    const next: string = current === null ? escaped(line) : `${current}\n${escaped(line)}`;
    if (next.length <= max) {
      current = next;
      continue;
    }
    if (current !== null && escaped(line).length <= max && texts.length + 1 < count) {
      texts.push(current);
      current = escaped(line);
      continue;
    }
    const before: string = current === null ? "" : `${current}\n`;
    const rest = beginning(line, max - before.length);
    return { texts: [...texts, `${before}${rest}`], isWhole: false };
  }
  return { texts: [...texts, current ?? ""], isWhole: true };
}

/** A moment as each reader's own clock has it. It is for marked-up texts. */
export function moment(seconds: number): string {
  const fallback = `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 16)} UTC`;
  return `<!date^${Math.floor(seconds)}^{date_short_pretty} at {time}|${fallback}>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** As much of the line as is no longer than this once it is escaped, and a sign that there is more. */
function beginning(line: string, max: number): string {
  let found = "";
  for (const character of line) {
    const next = escaped(character);
    if (found.length + next.length + 1 > max) break;
    found += next;
  }
  return max > 0 ? `${found}…` : found;
}
