import { z } from "zod";
import { http } from "./http.ts";

export type Json = Record<string, unknown>;

export interface Operation {
  method: string;
  path: string;
  parameters: { name: string; in: string; required?: boolean; schema: Json }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>;
  /** Those that its caller needs; none where everybody may ask. */
  scopes?: string[];
}

export async function readDocument(): Promise<Json> {
  return (await http("GET", "/openapi.json")).json<Json>();
}

export function operationsOf(document: Json): Operation[] {
  return Object.entries(
    document["paths"] as Record<string, Record<string, Partial<Operation>>>,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { parameters = [], responses = {}, requestBody, ...more }]) => ({
        parameters,
        responses,
        scopes: ((more as Json)["x-required-scopes"] ?? []) as string[],
        ...(requestBody && { requestBody }),
        method: method.toUpperCase(),
        path,
      }),
    ),
  );
}

/** The schema with every reference in its place; throws for one that leads nowhere. */
export function resolved(document: Json, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item) => resolved(document, item));
  if (typeof schema !== "object" || schema === null) return schema;
  if (!("$ref" in schema)) {
    return Object.fromEntries(
      Object.entries(schema).map(([name, value]) => [name, resolved(document, value)]),
    );
  }
  let target: unknown = document;
  for (const part of String(schema.$ref).split("/").slice(1)) target = (target as Json)[part];
  if (target === undefined) throw new Error(`${String(schema.$ref)} leads nowhere`);
  return resolved(document, target);
}

const checks = new Map<string, z.ZodType>();

/** What is wrong with an answer by the word of the document; null where it is as documented. */
export function mismatch(
  document: Json,
  { method, path, responses }: Operation,
  { status, type, body }: { status: number; type: string | null; body: string },
): string | null {
  const documented = responses[status];
  if (documented === undefined) return `${status} is not documented`;
  const schema = documented.content?.["application/json"]?.schema;
  if (type?.startsWith("application/json") !== true) {
    const types = Object.keys(documented.content ?? {});
    if (type === null && body === "" && types.length === 0) return null;
    return types.includes(type?.split(";")[0] ?? "") ? null : `${status} is of type ${type}`;
  }
  const key = `${method} ${path} ${status}`;
  const check =
    checks.get(key) ??
    z.fromJSONSchema(resolved(document, schema) as Parameters<typeof z.fromJSONSchema>[0]);
  checks.set(key, check);
  const parsed = check.safeParse(JSON.parse(body));
  return parsed.success ? null : z.prettifyError(parsed.error);
}
