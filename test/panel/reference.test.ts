import { expect, test } from "vitest";
import { curlOf } from "../../src/panel/curl.ts";
import { http } from "../os/http.ts";
import { type Json, operationsOf, readDocument } from "../os/openapi.ts";
import { see } from "./page.ts";

const read = async () => http("GET", "/docs", { vars: { OS_SECURITY_KEY: "k" } });

test("anyone may read the reference, and it needs nothing from elsewhere and no script", async () => {
  const page = await read();
  expect([page.status, page.headers.get("content-type")]).toEqual([
    200,
    "text/html; charset=UTF-8",
  ]);
  const { elements } = await see(page);
  const links = elements.flatMap(({ attributes: { action, href, src } }) => [action, href, src]);
  const outside = links.filter((link) => link !== undefined && !/^[#/](?!\/)/.test(link));
  expect(outside).toEqual([]);
  for (const { attributes, tag } of elements) {
    expect(tag).not.toMatch(/^(script|style|iframe|object|img)$/);
    expect(Object.keys(attributes).filter((name) => /^(style|on)/.test(name))).toEqual([]);
  }
  const sheets = elements.filter(({ tag }) => tag === "link").map(({ attributes }) => attributes);
  expect(sheets.length).toBe(2);
  for (const { href = "" } of sheets) {
    const style = await http("GET", href, { vars: { OS_SECURITY_KEY: "k" } });
    expect([style.status, style.headers.get("content-type")]).toEqual([
      200,
      "text/css; charset=utf-8",
    ]);
    expect(await style.text()).not.toMatch(/url\(|@import/);
  }
});

test("every link within the page leads to one place, and every operation and schema can be linked to", async () => {
  const document = await readDocument();
  const { elements } = await see(await read());
  const ids = elements.flatMap(({ attributes: { id } }) => id ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  const inside = elements.flatMap(({ attributes: { href = "" } }) =>
    href.startsWith("#") ? href.slice(1) : [],
  );
  expect(ids).toEqual(expect.arrayContaining(inside));
  const { schemas } = document["components"] as { schemas: Json };
  expect(ids).toEqual(expect.arrayContaining(Object.keys(schemas).map((name) => `schema-${name}`)));
  const operations = Object.values(document["paths"] as Record<string, Json>).flatMap((methods) =>
    Object.values(methods).map((operation) => (operation as { operationId: string }).operationId),
  );
  expect(ids).toEqual(expect.arrayContaining(operations));
  expect(inside).toEqual(expect.arrayContaining(operations));
});

test("the page says what the document says: paths, scopes, fields, and the words of refusals", async () => {
  const { texts } = await see(await read());
  const all = Object.values(texts).flat().join("\n");
  for (const { method, path } of operationsOf(await readDocument())) {
    expect(all).toContain(`${method} ${path}`);
  }
  for (const text of [
    "Scope: approvals:write",
    "Only pending can still change.",
    "From 1 to 1000. Default: 100.",
    '{"detail":"Insufficient permissions. Required scope(s): approvals:write"}',
    "event: RunPaused\ndata: {",
    '  -H "Authorization: Bearer $OS_SECURITY_KEY" \\\n  --json \'{"status":"approved","resolved_by":"ann@example.com"}\'',
    'curl -X DELETE "$KERN_URL/approvals/apr_',
    'curl -X POST "$KERN_URL/agents/data-manager/runs/run_',
  ]) {
    expect(all).toContain(text);
  }
});

test("an example for a terminal is one word to the shell, whatever is in it", () => {
  const content = { "application/json": { example: { note: "it's $HOME" } } };
  const line = curlOf("put", "/x", { requestBody: { content }, responses: {} });
  expect(line).toBe(`curl -X PUT "$KERN_URL/x" \\\n  --json '{"note":"it'\\''s $HOME"}'`);
});
