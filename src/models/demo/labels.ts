// All of these are sources of regular expressions.

/** "user_id" as it may stand in a text: user_id, userId, user id, user ids. */
export function named(name: string): string {
  return `(?<![\\w-])${wordsOfName(name).join("[\\s_-]*")}s?\\s*[=:]\\s*`;
}

/** The words that announce a property: its whole name, and each of its words that is not just "id" or the like. */
export function labelsOf(name: string): string {
  const words = wordsOfName(name);
  const own = words.filter((word) => !generic.has(word));
  const labels = own.length > 0 ? own : words;
  return `(?:${[words.join("[\\s_-]+"), ...labels].map((label) => label.replace(/s$/, "")).join("|")})(?:'?s)?\\b`;
}

/** A property's label and whatever may stand between that and the value: "user with the id ". */
export function labelled(name: string): string {
  const filler = "the|a|an|my|with|by|id|ids|named|called|number|no\\.?|of|is|are|as|to|account";
  return `(?<![\\w-])${labelsOf(name)}(?:\\s+(?:${filler}|${wordsOfName(name).join("|")})\\b)*(?:\\s*[:=#]\\s*|\\s+#?)`;
}

/** "user_id" and "userId" are user, id. */
export function wordsOfName(name: string): string[] {
  return (
    name
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

const generic = new Set("id ids name number no code key uuid identifier address value".split(" "));
