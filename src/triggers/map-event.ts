import { messageOf } from "../errors.ts";
import { isKey } from "./event.ts";
import type { InboundEvent } from "./inbound.ts";
import { messageWith } from "./untrusted.ts";
import type { WebhookInput, WebhookTrigger } from "./webhook.ts";

/** What comes of an event. `failed`: why, in 500 characters at most, to be kept; it may be mapped again once that is mended. */
export type Mapped =
  | { kind: "run"; message: string; userId: string | null; sessionId: string | null }
  | { kind: "ignored" }
  | { kind: "failed"; error: string };

const maxMessageBytes = 256 * 1024;
const maxErrorLength = 500;
const known = new Set(["message", "data", "sessionId", "userId"]);

/** What the webhook makes of an event: the run to start, or nothing. Never throws. */
export async function mapEvent(trigger: WebhookTrigger, event: InboundEvent): Promise<Mapped> {
  if (!isWanted(trigger.events, event.type)) return { kind: "ignored" };
  let input: WebhookInput | null | undefined;
  try {
    input = await trigger.input(event);
  } catch (error) {
    return failed(`'input' has thrown: ${messageOf(error)}`);
  }
  if (input === null || input === undefined) return { kind: "ignored" };
  try {
    return { kind: "run", ...runOf(input) };
  } catch (error) {
    return failed(`What 'input' gave starts no run: ${messageOf(error)}`);
  }
}

/** Whether a webhook listens to events of this type: `issues` allows `issues.labeled` too. */
export function isWanted(events: readonly string[] | null, type: string | null): boolean {
  if (events === null) return true;
  return events.some((wanted) => type === wanted || type?.startsWith(`${wanted}.`) === true);
}

/** Throws what is wrong with it. */
function runOf(input: WebhookInput) {
  if (typeof input !== "object") throw new TypeError("It is no object, such as { message }.");
  const stranger = Object.keys(input).find((name) => !known.has(name));
  if (stranger !== undefined)
    throw new TypeError(`'${stranger}' is unknown. Known: ${[...known].join(", ")}.`);
  const { data, message } = input;
  if (typeof message !== "string" || message.trim() === "")
    throw new TypeError("'message' must not be empty.");
  if (!message.isWellFormed())
    throw new TypeError("'message' holds half of a surrogate pair, which is no character.");
  const text = messageWith(message, data);
  if (new TextEncoder().encode(text).length > maxMessageBytes)
    throw new TypeError(
      `'message' and 'data' are larger than ${maxMessageBytes / 1024} KiB: give what the agent needs to read.`,
    );
  return {
    message: text,
    userId: idIn("userId", input.userId),
    sessionId: idIn("sessionId", input.sessionId),
  };
}

function idIn(name: string, id: string | null | undefined): string | null {
  if (id === null || id === undefined) return null;
  if (!isKey(id)) throw new TypeError(`'${name}' is text of 1 to 255 characters.`);
  return id;
}

function failed(error: string): Mapped {
  return { kind: "failed", error: error.slice(0, maxErrorLength).toWellFormed() };
}
