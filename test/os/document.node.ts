import { createConfig, lintFromString } from "@redocly/openapi-core";
import { beforeAll, expect, test } from "vitest";
import { AgentOS } from "../../src/os/agent-os.ts";
import { scopes } from "../../src/os/principal.ts";
import {
  type ApiDocument,
  type Media,
  nameOf,
  type Operation,
  type Schema,
} from "../../src/panel/api-document.ts";

/** What everyone may ask; every other route says which scope it needs. */
const open = new Set(["GET /", "GET /health", "GET /info", "POST /webhooks/{webhook_id}"]);

let text = "";
let document: ApiDocument;
let operations: [string, Operation][];

beforeAll(async () => {
  const answer = await new AgentOS({ agents: [] }).getApp().request("/openapi.json");
  text = await answer.text();
  document = JSON.parse(text) as ApiDocument;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});

test("a linter finds nothing to say, and every example fits its schema", async () => {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      // The document is of whoever runs an AgentOS, under what licence they like.
      "info-license": "off",
      "info-license-strict": "off",
      "operation-4xx-response": "off",
      "operation-tag-defined": "error",
      "operation-singular-tag": "error",
      "parameter-description": "error",
      "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: false },
    },
  });
  const problems = await lintFromString({ source: text, absoluteRef: "/openapi.json", config });
  const told = problems.map(({ location, message, ruleId }) => [
    ruleId,
    message,
    ...location.map(({ pointer }) => pointer),
  ]);
  expect(told).toEqual([]);
});

test("every operation but the open ones names a scope that exists, and how it is refused", () => {
  for (const [name, operation] of operations) {
    const { responses, security, "x-required-scopes": required } = operation;
    if (open.has(name)) {
      expect([name, security, required]).toEqual([name, [], undefined]);
      continue;
    }
    expect([name, security]).toEqual([name, [{ bearer: required }]]);
    expect(required?.length).toBeGreaterThan(0);
    expect(scopes).toEqual(expect.arrayContaining(required ?? []));
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["401", "403", "503"]));
    expect(responses["401"]?.headers).toHaveProperty("WWW-Authenticate");
    expect(responses["503"]?.headers).toHaveProperty("Retry-After");
    expect(JSON.stringify(responses["403"])).toContain(`Required scope(s): ${required?.join()}`);
  }
});

test("what is sent, answered and refused has an example, and so has every part of a path", () => {
  const without: string[] = [];
  const check = (where: string, media: Media | undefined, one: "example" | "examples"): void => {
    const { [one]: given } = media ?? {};
    const isMissing = one === "example" ? given === undefined : isEmpty(given ?? {});
    if (isMissing) without.push(where);
  };
  for (const [name, { parameters = [], requestBody, responses }] of operations) {
    for (const { in: place, name: part, schema } of parameters)
      if (place === "path" && schema.example === undefined) without.push(`${name} {${part}}`);
    for (const [type, media] of Object.entries(requestBody?.content ?? {}))
      check(`${name} ${type}`, media, "example");
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const refused = status >= "400" && name !== "GET /health";
      for (const [type, media] of Object.entries(content))
        check(`${name} ${status} ${type}`, media, refused ? "examples" : "example");
    }
  }
  expect(without).toEqual([]);
});

test("every field is described, in a body, in an answer and in every schema that they are made of", () => {
  const { schemas } = document.components;
  const bare: string[] = [];
  const isDescribed = (schema: Schema): boolean =>
    (schema.description ?? schemas[nameOf(schema) ?? ""]?.description ?? "") !== "";
  const visit = (where: string, schema: Schema): void => {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (!isDescribed(field)) bare.push(`${where}.${name}`);
      visit(`${where}.${name}`, field);
    }
    if (schema.items !== undefined) visit(`${where}[]`, schema.items);
    for (const one of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) visit(where, one);
  };
  for (const [name, schema] of Object.entries(schemas)) {
    if (!isDescribed(schema)) bare.push(name);
    visit(name, schema);
  }
  for (const [name, { requestBody, responses }] of operations) {
    for (const part of [requestBody, ...Object.values(responses)])
      for (const { schema } of Object.values(part?.content ?? {})) visit(name, schema ?? {});
  }
  expect(bare).toEqual([]);
});

function isEmpty(examples: unknown): boolean {
  return Object.keys(examples as object).length === 0;
}
