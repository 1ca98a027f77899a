import type { Child } from "hono/jsx";

/** A text with elements in it, in the order that its language puts them. */
export function phrase(texts: TemplateStringsArray, ...parts: Child[]): Child {
  return texts.map((text, n) => [text, parts[n]]);
}
