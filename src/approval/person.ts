import { aliasOf } from "./alias.ts";

/** Somebody as records know them: a principal, and every other name that a credential proved of the same person. */
export interface Person {
  principal: string;
  aliases: readonly string[];
}

/** The person that a decider is; one told of by a Worker of an earlier release has no other names. */
export function personOf({
  aliases = [],
  principal,
}: {
  aliases?: readonly string[];
  principal: string;
}): Person {
  return { principal, aliases };
}

/** Whether these are one person: by the principal, or by any name that both have. */
export function isSamePerson(one: Person, other: Person): boolean {
  const names = namesOf(one);
  return namesOf(other).some((name) => names.includes(name));
}

function namesOf({ aliases, principal }: Person): string[] {
  return [principal, ...aliases].map(aliasOf);
}
