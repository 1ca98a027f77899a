/**
 * What the text of a body says: JSON, which GitHub also sends as the field `payload` of a form; the text itself where it is
 * neither. The type of the content is not signed: a form is only what begins as one, which no JSON does.
 */
export function eventIn(text: string, contentType: string | null): unknown {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase();
  const payload =
    type === "application/x-www-form-urlencoded" && text.startsWith("payload=")
      ? new URLSearchParams(text).get("payload")
      : null;
  try {
    return JSON.parse(payload ?? text);
  } catch {
    return text;
  }
}

/** A field of the event's own; undefined where it has none. */
export function fieldOf(event: unknown, name: string): unknown {
  if (typeof event !== "object" || event === null || !Object.hasOwn(event, name)) return undefined;
  return (event as Record<string, unknown>)[name];
}

/** What an event is said to be; null for what names no type: what is longer, or has spaces, is a text of somebody's. */
export function typeIn(value: unknown): string | null {
  return typeof value === "string" && isType(value) ? value : null;
}

export function isType(text: string): boolean {
  return /^[A-Za-z0-9][\w.:/-]{0,127}$/.test(text);
}

/** Whether it may be an id of the sender's. */
export function isKey(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= 255 && value.isWellFormed();
}
