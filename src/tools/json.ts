import { KernError } from "../errors.ts";

/** Nesting beyond this is refused: nobody reviews it, and recursion over it is not safe. */
const maxDepth = 32;

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Reads JSON that a model wrote, refusing what two readers could understand differently: duplicate keys, integers that
 * a double cannot hold, numbers out of range, lone surrogates, and nesting deeper than 32. Throws `invalid_request` with a
 * reason that the model can act on.
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KernError("invalid_request", "The arguments are not valid JSON.");
  }
  scan(text);
  if (!text.isWellFormed() || !isWellFormed(value)) {
    throw new KernError(
      "invalid_request",
      "The arguments hold a lone surrogate, which is not valid Unicode.",
    );
  }
  return value;
}

/** Walks the tokens of text that is known to be JSON. */
function scan(text: string): void {
  const open: (Set<string> | null)[] = [];
  let previous = "";
  for (const [current] of text.matchAll(token)) {
    if (current === "{" || current === "[") {
      open.push(current === "{" ? new Set() : null);
      if (open.length > maxDepth) {
        throw new KernError(
          "invalid_request",
          `The arguments are nested deeper than ${maxDepth} levels.`,
        );
      }
    } else if (current === "}" || current === "]") {
      open.pop();
    } else if (current === ":") {
      const key: string = JSON.parse(previous);
      const keys = open.at(-1);
      if (keys?.has(key)) {
        throw new KernError(
          "invalid_request",
          `The key ${JSON.stringify(key)} stands twice in one object.`,
        );
      }
      keys?.add(key);
    } else if (/^[-\d]/.test(current)) {
      checkNumber(current);
    }
    previous = current;
  }
}

function checkNumber(literal: string): void {
  const value = Number(literal);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new KernError(
      "invalid_request",
      `The number ${literal} cannot be held exactly; send it as a string.`,
    );
  }
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (value === null || typeof value !== "object") return true;
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item));
}
