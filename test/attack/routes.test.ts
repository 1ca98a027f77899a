import { beforeAll, expect, test } from "vitest";
import { get, pending, start } from "../client.ts";
import { effects, script } from "../world.ts";
import { http } from "../os/http.ts";

const vars = { OS_SECURITY_KEY: "sk-secret" };
let id = "";
let runId = "";
beforeAll(async () => {
  effects.length = 0;
  const calls = [{ name: "delete_user_data", args: { user_id: "u" } }];
  ({ id, run_id: runId } = await pending((await start(script({ calls }))).run_id));
});

/** Other spellings of a path, which a router or a proxy may take for the same. */
function spellings(path: string): string[] {
  const [, first = "", ...rest] = path.split("/");
  const tail = rest.join("/");
  const upper = first.toUpperCase();
  const code = first.charCodeAt(0).toString(16);
  const after = ["", "/", "//", "/.", ";x=1", "%00", "?_method=GET"];
  const before = [
    ["/", `./${first}/`, `x/../${first}/`, `x/%2e%2e/${first}/`, `${upper}/`, `${first}//`],
    [`${first}%2F`, `%${code}${first.slice(1)}/`, `panel/../${first}/`, `health/../${first}/`],
    [`panel/sign-in/../../${first}/`, `openapi.json/../${first}/`, "panel/style.css/"],
  ];
  return [
    after.map((more) => path + more),
    before.flat().map((start) => `/${start}${tail}`),
    [`/${path}`],
  ].flat();
}

test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])(
  "with a key nobody gets in without it by %s, however the path is spelled",
  async (method) => {
    const run = `/agents/tester/runs/${runId}`;
    const paths = ["/approvals", `/approvals/${id}`, `/approvals/${id}/resolve`];
    paths.push(`/panel/approvals/${id}`, run, `${run}/cancel`);
    const headers = {
      "content-type": "application/json",
      "x-http-method-override": "POST",
      "x-original-url": `/approvals/${id}/resolve`,
      origin: "http://localhost",
    };
    const body = ["GET", "HEAD", "get"].includes(method)
      ? {}
      : { body: JSON.stringify({ status: "approved", decision: "approved" }) };
    for (const path of paths.flatMap(spellings)) {
      const response = await http(method, path, { headers, vars, ...body });
      const text = await response.text();
      expect([path, response.status < 300 && method !== "OPTIONS"]).toEqual([path, false]);
      expect([path, text.includes("delete_user_data")]).toEqual([path, false]);
      expect([path, response.status >= 500]).toEqual([path, false]);
    }
    expect(await get(`/approvals/${id}`)).toMatchObject({ status: "pending" });
    expect(effects).toEqual([]);
  },
);
