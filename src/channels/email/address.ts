import { visible } from "../../approval/visible.ts";

/** A name and an address, as a mail is from somebody. */
export interface Mailbox {
  name: string;
  email: string;
}

const maxLength = 254;

/** Whether this is one plain address, in which nothing is that a header or a list would read as something else. */
export function isAddress(text: string): boolean {
  return (
    text.length <= maxLength &&
    /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]+\.[^\s@<>()[\]\\,;:".]+$/u.test(text) &&
    visible(text) === text
  );
}

/** The sender; throws a TypeError for what cannot stand in a header. */
export function mailboxOf(from: string | Mailbox): Mailbox {
  const { email, name } = typeof from === "string" ? { email: from, name: "kern" } : from;
  if (!isAddress(email)) throw new TypeError(`'${email}' is no address that mails can be from.`);
  if (/[\r\n\t]/.test(name) || visible(name) !== name || name.length > 100)
    throw new TypeError("The name that mails are from is one line of at most 100 characters.");
  return { email, name };
}
