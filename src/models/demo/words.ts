/** The words of a text or of a name, taken apart at "_", "-" and capitals, without their endings. */
export function stemsOf(text: string): string[] {
  const apart = text.replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase();
  return (apart.match(/\p{L}+/gu) ?? []).map(stemOf);
}

/** The same, without the words that every sentence has. */
export function meaningfulStems(text: string): string[] {
  return stemsOf(text).filter((stem) => stem.length > 1 && !emptyStems.has(stem));
}

/** True where the two stems are of one word: cancel and cancellat(ion). */
export function sameStem(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short === long || (short.length >= 5 && long.startsWith(short));
}

/** True for a word that can be no value: "the", "account", "please". */
export function isEmptyWord(word: string): boolean {
  const stems = stemsOf(word);
  return (
    stems.length > 0 &&
    stems.every((stem) => stem.length < 2 || emptyStems.has(stem) || thingStems.has(stem))
  );
}

export const quotedSource = "\"[^\"]*\"|“[^”]*”|`[^`]*`|(?<!\\w)'[^']*'(?!\\w)";

/** The parts of a message as start and end, cut at sentences, ";" and joining words, but never inside quotes. */
export function partsOf(message: string): { start: number; end: number }[] {
  const masked = withoutQuotes(message);
  const cuts = [...masked.matchAll(/[.!?](?=\s)|[;\n]|\b(?:and|then|also|plus|afterwards)\b/gi)];
  const starts = [0, ...cuts.map((cut) => cut.index + cut[0].length)];
  const ends = [...cuts.map((cut) => cut.index), message.length];
  return starts
    .map((start, i) => ({ start, end: ends[i] ?? message.length }))
    .filter(({ start, end }) => /[^\s,]/.test(message.slice(start, end)));
}

/** The text with a filler in the place of each quote. */
export function withoutQuotes(text: string): string {
  return text.replaceAll(new RegExp(quotedSource, "g"), (quoted) => "_".repeat(quoted.length));
}

function stemOf(word: string): string {
  const bare = word.replace(/(?<=\p{L}{3})(?:ions?|ments?|als?|ings?|ed|es|e|(?<!s)s)$/u, "");
  return bare.replace(/y$/, "i").replace(/(?<=\p{L}{2})([bdglmnprt])\1$/u, "$1");
}

const emptyStems = new Set(
  stemsOf(
    `a about after again all also am an and any are as ask at be because been before but by call called can could did do does
     done each every everything for from get give had has have he her here him his how i if in into is it its
     let make may me might must my named need needs no not now of off on or our out please require requires she should since so some than that the their them then there these they this those to tool until up us use used using
     want wants was we were what when where which while who whose will with without would you your`,
  ),
);

const thingStems = new Set(stemsOf("account data detail entry info information profile record"));
