import { utf8 } from "../signing/utf8.ts";
import { eventIn, isKey } from "./event.ts";
import type { DedupeKey, Delivery, Genuine, Verified } from "./verifier.ts";

/** What a delivery says that has been proved: the scheme reads from the event what it is, and by what it is known again. */
export function genuine(
  { body, headers }: Delivery,
  read: (event: unknown) => Pick<Genuine, "answer" | "key" | "type">,
): Verified {
  const text = utf8(body);
  if (text === null) return refused("The body is signed, and no text in UTF-8.");
  const event = eventIn(text, headers.get("content-type"));
  return { kind: "genuine", event, ...read(event) };
}

/** Known again by its id; by its body where it has none. */
export function keyOf(id: unknown): DedupeKey {
  return isKey(id) ? { kind: "signed", id } : { kind: "digest" };
}

export function refused(reason: string): Verified {
  return { kind: "refused", reason };
}
