/** The most names that are kept of one person, and the longest of them. */
const maxAliases = 16;
const maxLength = 320;

/**
 * A name in the form in which two credentials of one person meet: Unicode NFC, trimmed, case-folded, an e-mail address
 * without what follows a plus. It brings together more than it should rather than less: good for refusing somebody what
 * their other self has asked for, never for granting something to a name.
 */
export function aliasOf(name: string): string {
  return fold(name.normalize("NFC").trim())
    .normalize("NFC")
    .replace(/^([^@+]+)\+[^@]*@/, "$1@");
}

/** A name as it is compared where it grants something: its case does not matter, and whatever else is in it does. */
export function exactName(name: string): string {
  return name.normalize("NFC").trim().toLowerCase().normalize("NFC");
}

/** The aliases of all these names, each once; what is empty or longer than any address is left out. */
export function aliasesOf(names: readonly (string | null | undefined)[]): string[] {
  const found = names.flatMap((name) =>
    typeof name === "string" && name.length <= maxLength ? [aliasOf(name)] : [],
  );
  return [...new Set(found)].filter((alias) => alias !== "").slice(0, maxAliases);
}

/** As Unicode folds case: by way of upper case, where ß and SS, ς and σ meet; only ı and i are no case of each other. */
function fold(text: string): string {
  return text
    .split("ı")
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase())
    .join("ı");
}
