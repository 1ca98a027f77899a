/** Somebody as records know them: a principal, and every other name that a credential proved of the same person. */
export interface Person {
  principal: string;
  aliases: readonly string[];
}

/**
 * A name as it is compared: two spellings of one address or account are one. Case, Unicode's forms, spaces around it, and
 * what follows a plus in an address do not tell people apart.
 */
export function nameKey(name: string): string {
  const text = name.normalize("NFKC").trim().toLowerCase();
  return text.replace(/^([^@+\s]+)\+[^@\s]*(@[^@\s]+)$/, "$1$2");
}

/** Whether these are one person: by the principal, or by any name that both have. */
export function isSamePerson(one: Person, other: Person): boolean {
  const names = namesOf(one);
  return namesOf(other).some((name) => names.includes(name));
}

function namesOf({ aliases, principal }: Person): string[] {
  return [principal, ...aliases].map(nameKey);
}
