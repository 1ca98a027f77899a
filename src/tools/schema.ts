import { z } from "zod";
import { messageOf } from "../errors.ts";

/** The zod object that describes a tool's parameters. */
export type Parameters = z.ZodObject;

/** The JSON Schema that a model is told; throws a TypeError where zod cannot express the parameters in it. */
export function toJsonSchema(name: string, parameters: Parameters): Record<string, unknown> {
  try {
    const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: "input" });
    return { ...schema, additionalProperties: schema.additionalProperties ?? false };
  } catch (error) {
    throw new TypeError(
      `Tool '${name}': its parameters cannot be told to a model: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Whether parsing may turn a value into something else than the JSON that a person was shown (transforms, codecs,
 * preprocessing). Defaults, coercion and trimming are no transforms: their outcome is JSON, and is what is shown.
 */
export function hasTransform(schema: unknown, seen = new Set<unknown>()): boolean {
  if (typeof schema !== "object" || schema === null || seen.has(schema)) return false;
  seen.add(schema);
  const def = (schema as { _zod?: { def?: Record<string, unknown> } })._zod?.def;
  if (def === undefined) {
    return Object.values(schema).some((inner) => hasTransform(inner, seen));
  }
  if (def["type"] === "transform" || typeof def["transform"] === "function") return true;
  if (def["type"] === "lazy") return hasTransform((def["getter"] as () => unknown)(), seen);
  return Object.entries(def).some(([key, inner]) => key !== "checks" && hasTransform(inner, seen));
}

export type Validation<T> = { ok: true; value: T } | { ok: false; message: string };

/**
 * Parses arguments by the tool's parameters; keys that the parameters do not name are refused, at any depth, rather than
 * dropped, and what comes out must be JSON.
 */
export function validate(
  parameters: Parameters,
  input: unknown,
): Validation<Record<string, unknown>> {
  try {
    const parsed = parameters.safeParse(input);
    if (!parsed.success) return { ok: false, message: describe(parsed.error) };
    const unknown = unknownKey(input, parsed.data, "");
    if (unknown !== null) return { ok: false, message: `Unrecognized key: ${unknown}` };
    return { ok: true, value: parsed.data };
  } catch (error) {
    return { ok: false, message: `The arguments could not be checked: ${messageOf(error)}` };
  }
}

function describe(error: z.ZodError): string {
  return error.issues
    .slice(0, 10)
    .map((issue) =>
      issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message,
    )
    .join("; ");
}

function unknownKey(input: unknown, parsed: unknown, path: string): string | null {
  if (!isObject(input) || !isObject(parsed)) return null;
  for (const [key, value] of Object.entries(input)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (!Object.hasOwn(parsed, key)) return at;
    const inner = unknownKey(value, parsed[key], at);
    if (inner !== null) return inner;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
