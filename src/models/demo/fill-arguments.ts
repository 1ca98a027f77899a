import { labelled, labelsOf, named } from "./labels.ts";
import { valueSource as source, type Scan } from "./scan.ts";
import {
  kindOf,
  narrowed,
  neededOf,
  passes,
  type JsonSchema,
  type Pass,
  type Property,
} from "./schema.ts";
import { textOf } from "./text-of.ts";
import { meaningfulStems, sameStem, stemsOf } from "./words.ts";

/** The arguments that a text gives a tool, taken from the scan, and the needed ones that it lacks. */
export function fillArguments(schema: JsonSchema, reserved: string[], from: Scan, again = false) {
  const values = new Map<string, unknown>();
  const needed = neededOf(schema);
  const properties = Object.entries(schema.properties ?? {})
    .map(([name, part]) => ({
      name,
      schema: narrowed(part),
      needed: needed.includes(name),
      reserved,
      again,
    }))
    .sort((a, b) => Number(b.needed) - Number(a.needed));
  for (const pass of passes) {
    for (const property of properties) {
      if (values.has(property.name)) continue;
      const value = valueOf(property, from, pass);
      if (value !== undefined) values.set(property.name, value);
    }
  }
  return {
    values: Object.fromEntries(values),
    missing: needed.filter((name) => !values.has(name)),
  };
}

function valueOf(property: Property, from: Scan, pass: Pass): unknown {
  const { name, schema } = property;
  const kind = kindOf(name, schema);
  switch (kind) {
    case "array":
      return listOf(property, from, pass);
    case "object": {
      if (pass !== "rest") return undefined;
      const { values, missing } = fillArguments(schema, property.reserved, from, property.again);
      return missing.length === 0 && Object.keys(values).length > 0 ? values : undefined;
    }
    case "enum":
      if (schema.const !== undefined) return property.needed ? schema.const : undefined;
      return pass === "typed" ? schema.enum?.find((option) => isIn(from.text, option)) : undefined;
    case "boolean":
      return truthOf(name, from, pass);
    case "number":
      return numberOf(property, from, pass);
    default:
      return textOf(property, kind, from, pass);
  }
}

function numberOf({ name, schema }: Property, from: Scan, pass: Pass): number | undefined {
  const fits = (text: string) => schema.type !== "integer" || Number.isInteger(numberIn(text));
  const take = (before: string, after = "") =>
    from.take(`${before}(?<v>${source.number})${after}`, fits);
  let text: string | undefined;
  if (pass === "named") text = take(named(name));
  if (pass === "labelled") text = take(labelled(name)) ?? take("", `\\s+${labelsOf(name)}`);
  if (pass === "typed") text = take("");
  return text === undefined ? undefined : numberIn(text);
}

function numberIn(text: string): number {
  return Number(text.replaceAll(/[$€£,]/g, ""));
}

function truthOf(name: string, from: Scan, pass: Pass): boolean | undefined {
  if (pass === "named") {
    const text = from.take(`${named(name)}(?<v>${source.truth})`);
    return text === undefined ? undefined : /^(true|yes|on)$/i.test(text);
  }
  if (pass !== "typed") return undefined;
  const words = from.text.match(/[\p{L}']+/gu) ?? [];
  const wanted = meaningfulStems(name);
  const at = words.findIndex((word) =>
    wanted.some((stem) => stemsOf(word).some((other) => sameStem(stem, other))),
  );
  if (at === -1) return undefined;
  return !words
    .slice(Math.max(0, at - 2), at)
    .some((word) => /^(no|not|never|without|don't)$/i.test(word));
}

function listOf(property: Property, from: Scan, pass: Pass): unknown[] | undefined {
  const schema = narrowed(property.schema.items ?? {});
  const kind = kindOf(property.name, schema);
  if (kind === "enum") {
    return pass === "typed"
      ? nonEmpty((schema.enum ?? []).filter((option) => isIn(from.text, option)))
      : undefined;
  }
  if (pass === "named") {
    const texts = entriesIn(from.take(`${named(property.name)}\\[?(?<v>${source.line})`) ?? "");
    return nonEmpty(
      kind === "number" ? texts.map(numberIn).filter((value) => !Number.isNaN(value)) : texts,
    );
  }
  if (pass !== "rest") return undefined;
  const found: unknown[] = [];
  for (;;) {
    const item = { ...property, schema, needed: false, again: found.length > 0 };
    const value =
      valueOf(item, from, "labelled") ??
      valueOf(item, from, "typed") ??
      valueOf({ ...item, again: property.again }, from, "rest");
    if (value === undefined) return nonEmpty(found);
    found.push(value);
    // Only these are taken out of the text, so that there is an end to them.
    if (kind === "boolean" || kind === "object" || kind === "array") return found;
  }
}

function entriesIn(list: string): string[] {
  const entries = list.split(/[\s[\]]*(?:,|\band\b)[\s[\]]*/);
  return entries
    .map((entry) => entry.trim().replaceAll(/^["'[]|["'\]]$/g, ""))
    .filter((entry) => entry !== "");
}

function nonEmpty(values: unknown[]): unknown[] | undefined {
  return values.length > 0 ? values : undefined;
}

/** True where the text has the enum's value: as it is written, or all of its words. */
function isIn(text: string, option: unknown): boolean {
  const value = String(option);
  if (
    text
      .toLowerCase()
      .split(/[^\p{L}\p{N}_-]+/u)
      .includes(value.toLowerCase())
  )
    return true;
  const wanted = /\d/.test(value) ? [] : stemsOf(value);
  const stems = stemsOf(text);
  return wanted.length > 0 && wanted.every((stem) => stems.some((other) => sameStem(stem, other)));
}
