import fc from "fast-check";
import { contentType, headers, jsonText, number, text } from "./fuzz-values.ts";
import { type Json, type Operation, resolved } from "./openapi.ts";

export interface Shot {
  operation: Operation;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | string | FormData | URLSearchParams | undefined;
}

const fitting: Record<string, unknown[]> = {
  status: ["approved", "rejected"],
  decision: ["approved", "rejected", "retry", "done"],
  message: ["hello"],
  stream: [false, "True", "0"],
  background: [true, "1"],
  resolution_data: [
    { note: "n" },
    { values: { account: "A" } },
    { result: "r" },
    { action: "retry" },
  ],
  tools: [[{ tool_call_id: "call_0_0", confirmed: true, tool_args: { name: "Eve" } }]],
};

const panelForm = (path: string, fields: string[]): Operation => {
  const properties = Object.fromEntries(fields.map((name) => [name, {}]));
  const content = { "application/x-www-form-urlencoded": { schema: { properties } } };
  return { method: "POST", path, parameters: [], responses: {}, requestBody: { content } };
};
const page = (path: string, ...query: string[]): Operation => ({
  method: "GET",
  path,
  parameters: query.map((name) => ({ name, in: "query", schema: {} })),
  responses: {},
});

/** The panel's routes, which no document describes. */
export const panelOperations: Operation[] = [
  page("/panel", "page"),
  page("/panel/approvals/{approval_id}"),
  page("/panel/sign-in", "next"),
  panelForm("/panel/approvals/{approval_id}", ["decision", "note", "resolved_by"]),
  panelForm("/panel/sign-in", ["key", "next"]),
  panelForm("/panel/sign-out", ["next"]),
];

/** What exists, by the name of the parameter that it stands for. */
export type Known = Record<string, string[]>;

/** A request to one of the operations, with what it is asked with as wrong as can be. */
export function shots(document: Json, operations: Operation[], known: Known): fc.Arbitrary<Shot> {
  const anyKnown = fc.constantFrom(...Object.values(known).flat());
  const escaped = (item: unknown) => encodeURIComponent(String(item).toWellFormed());
  const one = (name: string): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...(known[name] ?? ["x"])) },
      { weight: 1, arbitrary: anyKnown },
      { weight: 1, arbitrary: text },
    );
  const pathOf = ({ parameters, path }: Operation): fc.Arbitrary<string> => {
    const asked = parameters
      .filter((parameter) => parameter.in === "query")
      .map(({ name }) => name)
      // The stream of who follows a paused run does not end.
      .filter((name) => name !== "follow");
    const item = fc.oneof(anyKnown, text, number, fc.constantFrom("pending", "agent")).map(escaped);
    const raw = fc.constantFrom("%", "%E0%A4%A", "+&=", "");
    const pair = fc.tuple(fc.constantFrom(...asked, "x", "%00"), fc.oneof(item, item, raw));
    const query = fc
      .array(pair, { maxLength: 4 })
      .map((pairs) => pairs.map((both) => both.join("=")));
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    return fc.tuple(fc.tuple(...names.map(one)), query).map(([values, pairs]) => {
      const parts = path.split(/\{\w+\}/);
      const filled = parts.map(
        (part, i) => part + (i < values.length ? escaped(values[i]) || "x" : ""),
      );
      return [filled.join(""), ...(pairs.length > 0 ? [pairs.join("&")] : [])].join("?");
    });
  };
  const bodyOf = ({ requestBody }: Operation): fc.Arbitrary<[Shot["body"], string | null]> => {
    if (requestBody === undefined) return fc.constant([undefined, null]);
    const [schema] = Object.values(requestBody.content).map(
      (media) => resolved(document, media.schema) as Json,
    );
    const names = Object.keys((schema?.["properties"] ?? {}) as Json);
    const right = fc.record(
      Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(fitting[name] ?? ["x"]))])),
      { requiredKeys: names.slice(0, 1) },
    );
    const wrong = jsonText(names);
    const rightText = right.map((fields) => JSON.stringify(fields));
    const pairs = fc.oneof(
      right.map((fields) =>
        Object.entries(fields).map(([name, item]) => [name, asField(item)] as [string, string]),
      ),
      fc.array(fc.tuple(fc.constantFrom(...names, "x", "a[]"), fc.oneof(text, wrong)), {
        maxLength: 6,
      }),
    );
    const bytes = fc.uint8Array({ maxLength: 300 }).map((all) => new Uint8Array(all));
    const large = fc.constant("x".repeat(1024 * 1024 + 1));
    return fc.oneof(
      { weight: 4, arbitrary: fc.tuple(rightText, fc.constant("application/json")) },
      { weight: 5, arbitrary: fc.tuple(wrong, fc.constant("application/json")) },
      { weight: 3, arbitrary: fc.tuple(pairs.map(formOf), fc.constant(null)) },
      {
        weight: 3,
        arbitrary: fc.tuple(
          pairs.map((entries) => new URLSearchParams(entries)),
          fc.constant(null),
        ),
      },
      { weight: 2, arbitrary: fc.tuple(fc.oneof(bytes, wrong, rightText), contentType) },
      { weight: 1, arbitrary: fc.tuple(large, contentType) },
      { weight: 1, arbitrary: fc.constant([undefined, null] as [undefined, null]) },
    );
  };
  return fc
    .constantFrom(...operations)
    .chain((operation) =>
      fc.tuple(fc.constant(operation), pathOf(operation), headers, bodyOf(operation)),
    )
    .map(([operation, path, given, [body, type]]) => ({
      operation,
      path,
      headers: { ...given, ...(type !== null && { "content-type": type }) },
      body,
    }));
}

function asField(item: unknown): string {
  return typeof item === "string" ? item : JSON.stringify(item);
}

function formOf(entries: [string, string][]): FormData {
  const data = new FormData();
  for (const [name, item] of entries) {
    if (item.length % 7 === 3) data.append(name, new File([item], "f.txt"));
    else data.append(name, item);
  }
  return data;
}
