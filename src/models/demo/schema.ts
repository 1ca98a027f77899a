import { z } from "zod";
import { wordsOfName } from "./labels.ts";

/** The part of JSON Schema that the demo model reads. */
export interface JsonSchema {
  type?: string | string[] | undefined;
  enum?: unknown[] | undefined;
  const?: unknown;
  default?: unknown;
  format?: string | undefined;
  items?: JsonSchema | undefined;
  properties?: Record<string, JsonSchema> | undefined;
  required?: string[] | undefined;
  anyOf?: JsonSchema[] | undefined;
}

export const jsonSchemaShape: z.ZodType<JsonSchema> = z.lazy(() =>
  z
    .object({
      type: z.union([z.string(), z.array(z.string())]).optional(),
      enum: z.array(z.unknown()).optional(),
      const: z.unknown().optional(),
      default: z.unknown().optional(),
      format: z.string().optional(),
      items: jsonSchemaShape.optional(),
      properties: z.record(z.string(), jsonSchemaShape).optional(),
      required: z.array(z.string()).optional(),
      anyOf: z.array(jsonSchemaShape).optional(),
    })
    .catch({}),
);

/** Where a value may come from, the surest first. */
export const passes = ["named", "labelled", "typed", "rest", "fallback"] as const;
export type Pass = (typeof passes)[number];

/** A property of a tool, and how it is to be filled. */
export interface Property {
  name: string;
  schema: JsonSchema;
  needed: boolean;
  /** Stems of the tool's own words, which can be no value. */
  reserved: string[];
  /** The text has given such a value already: another counts only after its label, or in a list with the last one. */
  again: boolean;
}

/** The names of the properties that a call cannot do without. */
export function neededOf(schema: JsonSchema): string[] {
  return (schema.required ?? []).filter((name) => schema.properties?.[name]?.default === undefined);
}

/** True for a tool that needs one text alone, such as an id: naming several asks for several calls. */
export function isOneText(schema: JsonSchema): boolean {
  const [name, ...others] = neededOf(schema);
  if (name === undefined || others.length > 0) return false;
  return ["id", "email", "string"].includes(
    kindOf(name, narrowed(schema.properties?.[name] ?? {})),
  );
}

export type Kind =
  | "enum"
  | "boolean"
  | "number"
  | "array"
  | "object"
  | "email"
  | "date"
  | "url"
  | "id"
  | "prose"
  | "string";

/** What a property wants, by its schema and, for texts, by its name. */
export function kindOf(name: string, schema: JsonSchema): Kind {
  if (schema.enum !== undefined || schema.const !== undefined) return "enum";
  const type = schema.type ?? (schema.properties ? "object" : "string");
  if (type === "integer") return "number";
  if (type === "boolean" || type === "number" || type === "array" || type === "object") return type;
  const words = wordsOfName(name);
  const last = words.at(-1) ?? "";
  const { format = "" } = schema;
  if (format === "email" || /^(e?mail|recipient|cc|bcc)s?$/.test(last)) return "email";
  if (format.startsWith("date") || /^dates?$/.test(last)) return "date";
  if (format === "uri" || /^(url|uri|link)s?$/.test(last)) return "url";
  if (
    format === "uuid" ||
    /^(id|key|code|number|ref|reference|sku|uuid|slug|user|username|account)s?$/.test(last)
  )
    return "id";
  return words.some((word) => proseWords.has(word)) ? "prose" : "string";
}

const proseWords = new Set(
  `body comment content description input instruction instructions message note notes prompt query question reason request
   subject summary task text title topic`.split(/\s+/),
);

/** The schema without what only says that it may be null. */
export function narrowed(schema: JsonSchema): JsonSchema {
  const branch = schema.anyOf?.find((part) => part.type !== "null");
  if (branch !== undefined) return narrowed(branch);
  return Array.isArray(schema.type)
    ? { ...schema, type: schema.type.find((type) => type !== "null") }
    : schema;
}
