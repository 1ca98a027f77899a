import { z } from "zod";
import { messageOf } from "../errors.ts";

/** The zod object that describes a tool's parameters. */
export type Parameters = z.ZodObject;

/** Whether a value is what zod makes of `z.object(…)`. */
export function isParameters(value: unknown): value is Parameters {
  return defOf(value)?.["type"] === "object";
}

/** The same parameters with some that may be missing; throws a TypeError where zod cannot leave them out. */
export function withOpen(
  name: string,
  parameters: Parameters,
  open: readonly string[],
): Parameters {
  if (open.length === 0) return parameters;
  const mask = Object.fromEntries(open.map((field) => [field, true as const]));
  try {
    return parameters.partial(mask as never);
  } catch (error) {
    throw new TypeError(
      `Tool '${name}': parameters that a person fills in must not carry a check over the whole object (refine, superRefine, ` +
        "check), because it cannot be made before they are filled in. Check inside 'execute' instead.",
      { cause: error },
    );
  }
}

/** The JSON Schema that a model is told; throws a TypeError where zod cannot express the parameters in it. */
export function toJsonSchema(
  name: string,
  parameters: Parameters,
  { defaults = true }: { defaults?: boolean } = {},
): Record<string, unknown> {
  try {
    const { $schema: _, ...schema } = z.toJSONSchema(parameters, {
      io: "input",
      override: ({ jsonSchema }) => {
        if (!defaults) delete jsonSchema.default;
      },
    });
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
  if (!isObject(schema) || seen.has(schema)) return false;
  seen.add(schema);
  const def = defOf(schema);
  if (def === undefined) {
    return Object.values(schema).some((inner) => hasTransform(inner, seen));
  }
  if (def["type"] === "transform" || typeof def["transform"] === "function") return true;
  if (def["type"] === "lazy") return hasTransform((def["getter"] as () => unknown)(), seen);
  return Object.entries(def).some(([key, inner]) => key !== "checks" && hasTransform(inner, seen));
}

export type Validation<T> =
  | { ok: true; value: T }
  /** `fields` says what is wrong with which of them, as far as it is wrong with one. */
  | { ok: false; message: string; fields?: Record<string, string> };

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
    if (!parsed.success) {
      const { issues } = parsed.error;
      return { ok: false, message: describe(issues), fields: byField(issues) };
    }
    const unknown = unknownKey(parameters, input, parsed.data, []);
    if (unknown !== null) {
      const message = `Unrecognized key: ${unknown.join(".")}`;
      return { ok: false, message, fields: { [unknown[0] ?? ""]: message } };
    }
    return { ok: true, value: parsed.data };
  } catch (error) {
    return { ok: false, message: `The arguments could not be checked: ${messageOf(error)}` };
  }
}

function describe(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .slice(0, 10)
    .map(({ message, path }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ");
}

function byField(issues: readonly z.core.$ZodIssue[]): Record<string, string> {
  const named = issues.slice(0, 100).flatMap(({ message, path: [field, ...rest] }) => {
    const reason = rest.length > 0 ? `${rest.join(".")}: ${message}` : message;
    return field === undefined ? [] : [[String(field), reason] as const];
  });
  // Of several reasons the first is told: the others may well be gone with it.
  return Object.fromEntries(named.toReversed());
}

/** A key that parsing dropped. What a transform made may look like anything, and is not compared. */
function unknownKey(
  schema: unknown,
  input: unknown,
  parsed: unknown,
  path: string[],
): string[] | null {
  if (!isObject(input) || !isObject(parsed)) return null;
  const partOf = parts(schema);
  if (partOf === null && hasTransform(schema)) return null;
  for (const [key, value] of Object.entries(input)) {
    const at = [...path, key];
    if (!Object.hasOwn(parsed, key)) return at;
    const inner = unknownKey(partOf?.(key), value, parsed[key], at);
    if (inner !== null) return inner;
  }
  return null;
}

/** Where a schema says which schema each part of a value has: that. */
function parts(schema: unknown): ((key: string) => unknown) | null {
  const def = defOf(schema);
  if (def?.["innerType"] !== undefined) return parts(def["innerType"]);
  if (def?.["type"] === "array") return () => def["element"];
  if (def?.["type"] !== "object") return null;
  const shape = def["shape"] as Record<string, unknown>;
  return (key) => (Object.hasOwn(shape, key) ? shape[key] : def["catchall"]);
}

function defOf(schema: unknown): Record<string, unknown> | undefined {
  return (schema as { _zod?: { def?: Record<string, unknown> } } | null | undefined)?._zod?.def;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
