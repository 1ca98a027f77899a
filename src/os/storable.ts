import type { z } from "zod";

/** How deep a value may be nested; canonical JSON and the way to a run's object walk it level by level. */
const maxDepth = 64;

/** Refuses what JSON can spell and nothing can keep: half a character, a number beyond all bounds, nesting without end. */
export function storable(fields: Record<string, unknown>, ctx: z.RefinementCtx): void {
  for (const [name, value] of Object.entries(fields)) {
    const message = problemOf(value);
    if (message !== null) ctx.addIssue({ code: "custom", path: [name], message });
  }
}

function problemOf(root: unknown): string | null {
  const rest: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { value, depth } = next;
    if (typeof value === "string" && !value.isWellFormed())
      return "The text holds half of a surrogate pair, which is no character.";
    if (typeof value === "number" && !Number.isFinite(value)) return "The number is too large.";
    if (typeof value !== "object" || value === null) continue;
    if (depth === maxDepth) return `The value is nested deeper than ${maxDepth} levels.`;
    for (const [key, child] of Object.entries(value)) {
      rest.push({ value: key, depth }, { value: child, depth: depth + 1 });
    }
  }
  return null;
}
