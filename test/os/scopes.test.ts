import { beforeAll, expect, test } from "vitest";
import { type Scope, scopes } from "../../src/os/principal.ts";
import type { RunView } from "../../src/run/view.ts";
import { get, pending, start } from "../client.ts";
import { script } from "../world.ts";
import { refusal } from "./http.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  sending,
  type SigningKey,
  signingKey,
  type Visit,
} from "./issuer.ts";
import { operationsOf, readDocument } from "./openapi.ts";

let key: SigningKey;
let ask: ReturnType<typeof doorWith>;
const gated = () => script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
let run: RunView;
let approvalId = "";
beforeAll(async () => {
  key = await signingKey("k");
  ask = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  run = await start(gated());
  ({ id: approvalId } = await pending(run.run_id));
});

const tokenOf = async (...held: string[]) => key.sign(claimsOf("ann", { scopes: held }));
const lacking = (scope: string) => `Insufficient permissions. Required scope(s): ${scope}`;
const isLacking = ([status, detail]: [number, unknown]) =>
  status === 403 && String(detail).startsWith("Insufficient permissions.");

/** What a request is told that need not be told anything else. */
async function outcome(method: string, path: string, visit: Visit): Promise<[number, unknown]> {
  const response = await ask(method, path, visit);
  if (response.ok || response.status < 400) {
    await response.body?.cancel();
    return [response.status, null];
  }
  return refusal(response);
}

/** Here a signature is what proves who sends. */
const receiving = "/webhooks/{webhook_id}";

test("each route is for who holds the scope that its document names, or is an admin, and for nobody else", async () => {
  const tokens = new Map<string, string>();
  for (const scope of scopes) tokens.set(scope, await tokenOf(scope));
  const open = new Set<string>();
  let asked = 0;
  for (const { method, path, scopes: needed = [] } of operationsOf(await readDocument())) {
    // Ids that lead nowhere, so that whoever is let through changes nothing.
    const url = path.replaceAll(/\{\w+\}/g, "nothing");
    if (needed.length === 0) {
      open.add(path);
      const status = path === receiving ? 404 : 200;
      expect([path, (await outcome(method, url, {}))[0]]).toEqual([path, status]);
      continue;
    }
    expect(needed).toHaveLength(1);
    expect([url, await outcome(method, url, {})]).toEqual([
      url,
      [401, "Authorization header required"],
    ]);
    for (const scope of scopes) {
      const token = tokens.get(scope) ?? "";
      const told = await outcome(method, url, method === "POST" ? sending("{", token) : { token });
      const may = scope === "agent_os:admin" || scope === needed[0];
      const where = `${method} ${path} with ${scope}: ${JSON.stringify(told)}`;
      if (may) expect(isLacking(told), where).toBe(false);
      else expect([where, told]).toEqual([where, [403, lacking(needed[0] ?? "")]]);
      expect(told[0], where).not.toBe(401);
      expect(told[0], where).toBeLessThan(500);
      asked += 1;
    }
  }
  expect([...open].toSorted()).toEqual(["/", "/health", "/info", receiving]);
  expect(asked).toBeGreaterThan(300);
});

test("a scope for one agent is good for that one, and what is not there is told as what may not be seen", async () => {
  const token = await tokenOf("agents:short:run", "agents:short:read", "teams:crew:read");
  const hello = sending({ message: "hello", stream: false }, token);
  expect((await ask("POST", "/agents/short/runs", hello)).status).toBe(200);
  expect((await ask("GET", "/agents/short", { token })).status).toBe(200);
  for (const id of ["tester", "nothing", "sho", "short%2Fx", "*"]) {
    expect(await refusal(ask("GET", `/agents/${id}`, { token }))).toEqual([
      403,
      lacking("agents:read"),
    ]);
    expect(await refusal(ask("POST", `/agents/${id}/runs`, hello))).toEqual([
      403,
      lacking("agents:run"),
    ]);
  }
  const foreign = `/agents/short/runs/${run.run_id}`;
  for (const [method, path] of [
    ["GET", foreign],
    ["POST", `${foreign}/cancel`],
    ["POST", `${foreign}/resume`],
  ] as const)
    expect(
      await refusal(ask(method, path, method === "GET" ? { token } : sending({}, token))),
    ).toEqual([404, "Run not found"]);
  expect(await refusal(ask("POST", `${foreign}/continue`, sending({}, token)))).toEqual([
    404,
    "Run not found",
  ]);
  expect(await refusal(ask("GET", "/agents/crew", { token }))).toEqual([
    403,
    lacking("agents:read"),
  ]);
  expect((await ask("GET", "/teams/crew", { token })).status).toBe(200);
  expect(await refusal(ask("POST", "/teams/crew/runs", hello))).toEqual([
    403,
    lacking("teams:run"),
  ]);
});

test("a list shows what may be read, and there is none for who may read nothing of it", async () => {
  const ids = async (path: string, ...held: string[]) => {
    const response = await ask("GET", path, { token: await tokenOf(...held) });
    return response.ok
      ? (await response.json<{ id: string }[]>()).map(({ id }) => id)
      : response.status;
  };
  expect(await ids("/agents", "agents:read")).toEqual(["tester", "short"]);
  expect(await ids("/agents", "agents:short:read")).toEqual(["short"]);
  expect(await ids("/agents", "agents:nothing:read")).toEqual([]);
  expect(await ids("/agents", "agents:short:run")).toBe(403);
  expect(await ids("/agents", "teams:crew:read")).toBe(403);
  expect(await ids("/teams", "teams:crew:read")).toEqual(["crew"]);
});

test("a member's run is read with the member's own id", async () => {
  const task = { member_id: "clerk", task: gated() };
  const team = await start(
    script({ calls: [{ name: "delegate_task_to_member", args: task }] }),
    {},
    "crew",
    "teams",
  );
  const member = team.requirements[0]?.member_run_id ?? "";
  const clerk = await tokenOf("agents:clerk:read");
  expect((await ask("GET", `/agents/clerk/runs/${member}`, { token: clerk })).status).toBe(200);
  expect((await ask("GET", `/teams/crew/runs/${team.run_id}`, { token: clerk })).status).toBe(403);
  const tester = await tokenOf("agents:tester:read", "teams:crew:read");
  expect((await ask("GET", `/agents/clerk/runs/${member}`, { token: tester })).status).toBe(403);
  expect((await ask("GET", `/agents/tester/runs/${member}`, { token: tester })).status).toBe(404);
});

const runsAgents =
  "A credential that runs agents cannot decide on approvals: use one without agents:run and teams:run.";
const resolve = () => `/approvals/${approvalId}/resolve`;

test.each([
  [["agents:run"]],
  [["teams:run"]],
  [["agents:tester:run"]],
  [["agents:nothing:run"]],
  [["teams:crew:run", "agents:read"]],
])("who runs agents (%j) does not decide, over the API or at the panel", async (held) => {
  const token = await tokenOf("approvals:read", "approvals:write", ...held);
  for (const status of ["approved", "rejected"])
    expect(await refusal(ask("POST", resolve(), sending({ status }, token)))).toEqual([
      403,
      runsAgents,
    ]);
  const headers = {
    origin: "https://kern.example.com",
    "content-type": "application/x-www-form-urlencoded",
  };
  const page = await ask("POST", `/panel/approvals/${approvalId}`, {
    token,
    headers,
    body: "decision=approved",
  });
  expect([page.status, (await page.text()).includes(runsAgents)]).toEqual([403, true]);
  // What is not there is refused in the same words.
  const nothing = ask(
    "POST",
    "/approvals/apr_nothing/resolve",
    sending({ status: "approved" }, token),
  );
  expect(await refusal(nothing)).toEqual([403, runsAgents]);
  expect(await get(`/approvals/${approvalId}/status`)).toMatchObject({ status: "pending" });
});

test("who runs agents and may not write approvals is told so before anything else", async () => {
  const token = await tokenOf("agents:run", "approvals:read");
  expect(await refusal(ask("POST", resolve(), sending({ status: "approved" }, token)))).toEqual([
    403,
    lacking("approvals:write"),
  ]);
});

test.each<[Scope[]]>([
  [["approvals:write"]],
  [["approvals:write", "agents:read", "teams:read"]],
  [["agent_os:admin"]],
  [["agent_os:admin", "agents:run"]],
])("%j decide", async (held) => {
  const { id } = await pending((await start(gated())).run_id);
  const decision = sending({ status: "rejected" }, await tokenOf(...held));
  expect((await ask("POST", `/approvals/${id}/resolve`, decision)).status).toBe(200);
});
