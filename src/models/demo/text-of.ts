import { labelled, named } from "./labels.ts";
import { isNumber, looksLikeId, valueSource as source, type Scan } from "./scan.ts";
import type { Kind, Pass, Property } from "./schema.ts";
import { isEmptyWord, sameStem, stemsOf } from "./words.ts";

/** The text that a scan gives a property of type string in one of the passes. */
export function textOf(property: Property, kind: Kind, from: Scan, pass: Pass): string | undefined {
  const { name } = property;
  const format = kind === "email" || kind === "date" || kind === "url" ? source[kind] : undefined;
  switch (pass) {
    case "named": {
      const value = kind === "prose" ? source.line : source.any;
      return from.take(
        `${named(name)}(?<v>${format === undefined ? value : `(?:${format}|${value})`})`,
      );
    }
    case "labelled": {
      const value = kind === "prose" ? source.quoted : source.any;
      return (
        nextInList(property, from) ??
        from.take(`${labelled(name)}(?<v>${format ?? value})`, fits(property))
      );
    }
    case "typed":
      return format && from.take(`(?<v>${format})`);
    case "rest":
      return format === undefined ? restOf(property, kind, from) : undefined;
    case "fallback":
      return format === undefined && property.needed && !property.again
        ? guess(property, kind, from)
        : undefined;
  }
}

/** "u-1, u-2 and u-3" or "u-1 u-2": what goes on from the value that was taken last. */
function nextInList(property: Property, from: Scan): string | undefined {
  if (!property.again) return undefined;
  const isId = fitsId(property);
  return (
    from.takeNext(
      `(?:\\s*(?:,|&|and\\b))+\\s*#?(?<v>${source.any})`,
      (value, quoted) => quoted || isNumber(value) || isId(value),
    ) ?? from.takeNext(`\\s+#?(?<v>${source.token})`, isId)
  );
}

/** What nothing announces: ids for what wants an id, quoted text for what wants text. */
function restOf(property: Property, kind: Kind, from: Scan): string | undefined {
  if (property.again && property.needed) return undefined;
  const isId = kind === "id";
  const quoted = () => from.take(`(?<v>${source.quoted})`, (value) => !isId || !/\s/.test(value));
  const id = () => from.take(`(?<v>${source.token})`, fitsId(property));
  if (kind === "prose") return quoted();
  if (kind === "string" && !property.needed) return quoted();
  if (kind === "string")
    return quoted() ?? placed(property, anyPlace, source.capitalised, from) ?? id();
  return (
    id() ??
    from.take(`(?<v>${source.number})`, (value) => /^\d+$/.test(value)) ??
    from.take(
      `(?<v>${source.token})`,
      (value) => value.includes("-") && fits(property)(value, false),
    ) ??
    quoted()
  );
}

function guess(property: Property, kind: Kind, from: Scan): string | undefined {
  if (kind === "prose") return from.text.trim() || undefined;
  return kind === "string"
    ? placed(property, anyPlace, source.token, from)
    : placed(property, "for|of", source.capitalised, from);
}

const anyPlace = "in|for|of|at|to|about|on";

/** "in Paris", "for Ann". */
function placed(property: Property, before: string, value: string, from: Scan): string | undefined {
  return from.take(`\\b(?:${before})\\s+(?<v>${value})`, fits(property));
}

/** A plain word is a value only where it says something of its own: not "the", and no word of the tool's. */
function fits({ reserved }: Property) {
  return (value: string, quoted: boolean) =>
    quoted ||
    /[\d@]/.test(value) ||
    (!isEmptyWord(value) &&
      !stemsOf(value).every((stem) => reserved.some((word) => sameStem(word, stem))));
}

function fitsId(property: Property) {
  return (value: string) => looksLikeId(value) && fits(property)(value, false);
}
