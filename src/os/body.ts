import type { Context } from "hono";
import { z } from "@hono/zod-openapi";
import { KernError } from "../errors.ts";
import { badForm, invalid } from "./errors.ts";

/** A body in one of the forms that a browser, a script or an AgentOS client sends, read by one schema; 400 or 422 if not. */
export async function readBody<S extends z.ZodType>(
  c: Context,
  schema: S,
): Promise<{ value: z.output<S> } | { response: Response }> {
  const parsed = schema.safeParse(await readFields(c));
  if (parsed.success) return { value: parsed.data };
  const issues = parsed.error.issues.map(({ code, path, message }) => ({
    type: code,
    loc: ["body", ...path.map((part) => (typeof part === "number" ? part : String(part)))],
    msg: message,
  }));
  return { response: invalid(c, issues) };
}

async function readFields(c: Context): Promise<unknown> {
  const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json") {
    try {
      return await c.req.json();
    } catch {
      throw new KernError("malformed_body", "Malformed JSON in request body");
    }
  }
  if (type === "multipart/form-data" || type === "application/x-www-form-urlencoded") {
    return readForm(c);
  }
  if (type === "" && (await c.req.text()) === "") return {};
  throw new KernError(
    "invalid_request",
    "Send multipart/form-data, application/x-www-form-urlencoded or application/json.",
  );
}

/** The fields of a form, of those of one name the last, or `all` as a list; throws `malformed_body` where it cannot be read. */
export async function readForm(c: Context, all = false): Promise<Record<string, unknown>> {
  try {
    return await c.req.parseBody({ all });
  } catch {
    throw new KernError("malformed_body", badForm);
  }
}

/** The three forms of a body, as a route documents them; read by `readBody`, because one schema serves them all. */
export function bodies<S extends z.ZodType>(schema: S) {
  return {
    content: {
      "multipart/form-data": { schema },
      "application/x-www-form-urlencoded": { schema },
      "application/json": { schema },
    },
  };
}

/** A boolean as JSON or as a form writes it: `true`, `True`, `1`, in any case. */
export function flag(fallback: boolean) {
  return z.preprocess(booleanIn, z.boolean().default(fallback));
}

/** The same, where nothing said means nothing. */
export function optionalFlag() {
  return z.preprocess(booleanIn, z.boolean().optional());
}

function booleanIn(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const word = value.trim().toLowerCase();
  if (["true", "1", "yes", "on"].includes(word)) return true;
  if (["false", "0", "no", "off"].includes(word)) return false;
  return word === "" ? undefined : value;
}
