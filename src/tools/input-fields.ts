import type { Tool } from "./tool.ts";

type Schema = Record<string, unknown>;

const fieldTypes = ["string", "integer", "number", "boolean", "array", "object"] as const;
export type FieldType = (typeof fieldTypes)[number];

/** A parameter that a person fills in. */
export interface InputField {
  name: string;
  /** The JSON type of its values, nulls aside; of several the first, and "string" where any will do. */
  field_type: FieldType;
  description: string | null;
  /** Whether the call cannot be made without it. */
  required: boolean;
  /** JSON Schema of its values, complete in itself. */
  schema: Schema;
}

/** The parameters that a tool leaves to a person, as the tool declares them now. */
export function inputFields({
  jsonSchema,
  userInputFields,
}: Pick<Tool, "jsonSchema" | "userInputFields">): InputField[] {
  const { $defs, properties = {}, required = [] } = jsonSchema;
  return userInputFields.map((name) => {
    const own = (properties as Record<string, Schema>)[name] ?? {};
    const schema = JSON.stringify(own).includes('"$ref"') ? { ...own, $defs } : own;
    const { description, types } = shapeOf(schema);
    return {
      name,
      field_type: types[0] ?? "string",
      description,
      required: (required as string[]).includes(name),
      schema,
    };
  });
}

/** What a JSON Schema lets through, as far as a form can make use of it. */
export interface Shape {
  /** The types of its values, null aside; none where any will do. */
  types: FieldType[];
  nullable: boolean;
  /** The values themselves, where they are counted out. */
  values: unknown[] | null;
  description: string | null;
  /** The part that speaks of the values, null aside. */
  schema: Schema;
}

/** Reads a schema through references, null and alternatives; what it does not understand lets anything through. */
export function shapeOf(schema: Schema, root: Schema = schema, depth = 0): Shape {
  const description = typeof schema["description"] === "string" ? schema["description"] : null;
  const target = depth < 8 ? followed(schema, root) : undefined;
  if (target !== undefined) {
    const shape = shapeOf(target, root, depth + 1);
    return { ...shape, description: description ?? shape.description };
  }
  const branches = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(branches) && depth < 8) {
    const shapes = branches.map((branch: Schema) => shapeOf(branch, root, depth + 1));
    const nullable = shapes.some((shape) => shape.nullable);
    const held = shapes.filter((shape) => shape.types.length > 0 || !shape.nullable);
    const [only, ...others] = held;
    if (only !== undefined && others.length === 0)
      return { ...only, nullable, description: description ?? only.description };
    const values = held.every((shape) => shape.values !== null)
      ? held.flatMap((shape) => shape.values ?? [])
      : null;
    const anything = held.some(({ types }) => types.length === 0);
    const types = anything ? [] : [...new Set(held.flatMap((shape) => shape.types))];
    return { types, nullable, values, description, schema };
  }
  const { enum: listed, type } = schema;
  const names: unknown[] = Array.isArray(type) ? type : [type];
  const all = "const" in schema ? [schema["const"]] : Array.isArray(listed) ? listed : null;
  return {
    types: fieldTypes.filter((name) => names.includes(name)),
    nullable: names.includes("null") || all?.includes(null) === true,
    values: all?.filter((value) => value !== null) ?? null,
    description,
    schema,
  };
}

function followed({ $ref }: Schema, { $defs }: Schema): Schema | undefined {
  if (typeof $ref !== "string" || !$ref.startsWith("#/$defs/")) return undefined;
  return ($defs as Record<string, Schema> | undefined)?.[$ref.slice("#/$defs/".length)];
}
