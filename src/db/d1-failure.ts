import { messageOf } from "../errors.ts";
import { withoutQuery } from "./failure.ts";

/** Failures of the moment, of which D1 says that a write which is safe to repeat may be repeated. */
const transient = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "Cannot resolve D1 DB due to transient issue",
];

export function isOfTheMoment(cause: unknown): boolean {
  const message = messageOf(cause);
  return transient.some((text) => message.includes(text));
}

/** Whether D1 failed because a table or a column is not there. */
export function isSchemaMissing(error: unknown): boolean {
  return /no such (table|column)|has no column named/i.test(messageOf(withoutQuery(error)));
}
