import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AgentOS } from "../../src/os/agent-os.ts";
import type { ApiDocument } from "../../src/panel/api-document.ts";

const file = join(import.meta.dirname, "..", "..", "docs", "access.md");
const head = "| route | who may |\n| --- | --- |\n";

test("the documented table of routes and scopes is that of the routes themselves", async () => {
  const answer = await new AgentOS({ agents: [] }).getApp().request("/openapi.json");
  const { paths } = await answer.json<ApiDocument>();
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { "x-required-scopes": scopes = [] }]) => {
      const who = scopes.map((scope) => `\`${scope}\``).join(", ") || "everybody";
      return `| \`${method.toUpperCase()} ${path}\` | ${who} |\n`;
    }),
  );
  const text = readFileSync(file, "utf8");
  const [before = ""] = text.split(head);
  const told = `${before}${head}${rows.join("")}`;
  if (process.env["KERN_WRITE"] === "1") writeFileSync(file, told);
  expect(readFileSync(file, "utf8")).toBe(told);
});
