import { quotedSource } from "./words.ts";

type Accept = (value: string, quoted: boolean) => boolean;

/** A text whose values are taken one after the other: what was taken once is not found again. */
export interface Scan {
  readonly text: string;
  /** The first value outside of longer quotes, in the group named `v`, that is still there and that `accept` agrees to; without its quotes. */
  take(source: string, accept?: Accept): string | undefined;
  /** The same, but only right after the value that was taken last. */
  takeNext(
    source: string,
    accept?: (value: string, quoted: boolean) => boolean,
  ): string | undefined;
}

export function scan(text: string): Scan {
  const taken: { start: number; end: number }[] = [];
  const quotes = [...text.matchAll(new RegExp(quotedSource, "g"))].map((quote) => ({
    start: quote.index,
    end: quote.index + quote[0].length,
  }));

  function firstOf(matches: Iterable<RegExpExecArray>, accept: Accept): string | undefined {
    for (const match of matches) {
      const span = match.indices?.groups?.v;
      if (span === undefined) continue;
      const [start, end] = span;
      const raw = text.slice(start, end);
      const quoted = new RegExp(`^(?:${quotedSource})$`).test(raw);
      const value = quoted ? raw.slice(1, -1) : raw.replace(/[.,:;!?]+$/, "");
      if (value === "" || taken.some((other) => start < other.end && other.start < end)) continue;
      const isInQuotes = quotes.some(
        (quote) =>
          quote.start < start && end < quote.end && end - start < quote.end - quote.start - 2,
      );
      if (isInQuotes || !accept(value, quoted)) continue;
      taken.push({ start, end: quoted ? end : start + value.length });
      return value;
    }
    return undefined;
  }

  return {
    text,
    take: (source, accept = () => true) =>
      firstOf(text.matchAll(new RegExp(source, "dgiu")), accept),
    takeNext(source, accept = () => true) {
      const pattern = new RegExp(source, "diuy");
      pattern.lastIndex = taken.at(-1)?.end ?? text.length;
      const match = pattern.exec(text);
      return match === null ? undefined : firstOf([match], accept);
    },
  };
}

const token = "[^\\s,;:=\"“”`'()<>\\[\\]{}?!]+";

/** What a value looks like, as the source of a regular expression without groups. */
export const valueSource = {
  any: `(?:${quotedSource}|${token})`,
  quoted: `(?:${quotedSource})`,
  token: `(?<![^\\s,;:="“”\`'()<>\\[\\]{}#])${token}`,
  capitalised: "(?-i:\\p{Lu}[\\p{L}'-]*(?: \\p{Lu}[\\p{L}'-]*)*)",
  number: "(?<![\\w.@-])[-+]?[$€£]?(?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?(?![\\w@-]|\\.\\d)",
  email: "[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+",
  date: "\\d{4}-\\d{2}-\\d{2}(?:T[\\d:.]+Z?)?",
  url: "https?://[^\\s\"'<>]+",
  truth: "(?:true|false|yes|no|on|off)\\b",
  line: `(?:${quotedSource}|[^\\n;]+?(?=,?\\s+\\w+\\s*=|[\\n;]|$))`,
} as const;

/** True for a token that nobody would take for a word: it has a digit, "_" or "@", and is no number, price or date. */
export function looksLikeId(value: string): boolean {
  return /[\d_@]/.test(value) && !isNumber(value) && !/^[$€£]|%$|^\d{4}-\d{2}-\d{2}/.test(value);
}

export function isNumber(value: string): boolean {
  return /^[\d.,]+$/.test(value);
}
