import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import {
  approvalsOf,
  bindings,
  door,
  evict,
  get,
  pending,
  settle,
  start,
  stub,
} from "../client.ts";
import { binding, db, outOfReach, query, unmigrated } from "../database.ts";
import { faults, script } from "../world.ts";
import { testChannels } from "../channels/channels.ts";
import { byToken } from "../triggers/deliver.ts";
import worker from "../worker.ts";
import { http, json, type Question, refusal } from "./http.ts";
import { mismatch, operationsOf, readDocument, resolved } from "./openapi.ts";

const summary = (id: string, name: string) => ({ id, name, description: null, db_id: db.id });

test("the root says what this is, and sends a browser to the panel", async () => {
  expect(await get("/")).toEqual({ name: "kern", id: "kern", version: packageJson.version });
  const browser = await http("GET", "/", { headers: { accept: "text/html,*/*;q=0.8" } });
  expect([browser.status, browser.headers.get("location")]).toEqual([302, "/panel"]);
});

test("health is ok with the time of the start, and not ok with the reason where a binding is missing", async () => {
  const health = await get<{ instantiated_at: string }>("/health");
  expect(health).toEqual({ status: "ok", instantiated_at: expect.any(String) });
  expect(new Date(health.instantiated_at).toISOString()).toBe(health.instantiated_at);
  expect(await get("/health")).toEqual(health);
  const broken = await http("GET", "/health", { vars: { [binding]: undefined } });
  expect([broken.status, await broken.json()]).toEqual([
    503,
    {
      ...health,
      status: "unavailable",
      detail: expect.stringMatching(`^The Worker has no .* bound as ${binding}\\.`),
    },
  ]);
});

test("info counts what there is", async () => {
  expect(await get("/info")).toEqual({
    kern_version: packageJson.version,
    agent_count: 2,
    team_count: 1,
    workflow_count: 0,
  });
});

test("the configuration names agents, models and the database", async () => {
  expect(await get("/config")).toEqual({
    os_id: "kern",
    name: "kern",
    description: null,
    available_models: ["gpt-4o-mini"],
    os_database: db.id,
    databases: [db.id],
    agents: [summary("tester", "Tester"), summary("short", "short")],
    teams: [summary("crew", "Crew")],
    workflows: [],
    interfaces: [],
  });
});

test("an agent is listed and read with its model, its instructions and its tools", async () => {
  const agents = await get<{ id: string }[]>("/agents");
  expect(agents.map(({ id }) => id)).toEqual(["tester", "short"]);
  const agent = await get<{ tools: { tools: { name: string }[] } }>("/agents/tester");
  expect(agent).toEqual(agents[0]);
  expect(agent).toEqual({
    ...summary("tester", "Tester"),
    model: { name: "OpenAI", model: "gpt-4o-mini", provider: "OpenAI" },
    instructions: ["You test."],
    tools: { tools: expect.any(Array) },
  });
  expect(agent.tools.tools.find(({ name }) => name === "delete_user_data")).toEqual({
    name: "delete_user_data",
    description: "Permanently delete all data for a user. Requires admin approval.",
    parameters: expect.objectContaining({ required: ["user_id"], additionalProperties: false }),
    requires_confirmation: true,
    requires_user_input: false,
    external_execution: false,
    approval_type: "required",
  });
});

test("what needs the database or a run's object says which binding is missing, and does nothing else", async () => {
  const { id, run_id } = await pending(
    (await start(script({ calls: [{ name: "delete_user_data", args: { user_id: "u" } }] }))).run_id,
  );
  const body = json({ message: "hello", stream: false });
  const asked: [string, string, string, Question?][] = [
    [binding, "GET", "/approvals"],
    [binding, "GET", "/approvals/count"],
    [binding, "GET", "/sessions"],
    [binding, "POST", "/agents/tester/runs", body],
    [binding, "GET", "/ops/runs"],
    ["RUNS", "GET", `/approvals/${id}`],
    ["RUNS", "POST", `/approvals/${id}/resolve`, json({ status: "approved" })],
    ["RUNS", "GET", `/agents/tester/runs/${run_id}`],
    ["RUNS", "POST", "/agents/tester/runs", body],
  ];
  for (const [missing, method, path, question] of asked) {
    const answer = http(method, path, { ...question, vars: { [missing]: undefined } });
    expect(await refusal(answer)).toEqual([503, expect.stringContaining(missing)]);
  }
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test.each([
  ["cannot be reached", outOfReach, "The database cannot be reached at the moment.", "1"],
  ["was not migrated", unmigrated, "The database is behind this version of kern", null],
])("a database that %s is one clear 503, and nothing is started", async (_, bound, told, wait) => {
  const vars = { [binding]: bound };
  const before = await listDurableObjectIds(bindings.RUNS);
  for (const [method, path, question] of [
    ["GET", "/approvals", {}],
    ["GET", "/approvals/count", {}],
    ["GET", "/sessions", {}],
    ["DELETE", "/sessions/s", {}],
    ["POST", "/agents/tester/runs", json({ message: "hello", stream: false })],
    ["GET", "/health", {}],
  ] as [string, string, Question][]) {
    const answer = await http(method, path, { ...question, vars });
    if (path !== "/health") expect(answer.headers.get("retry-after")).toBe(wait);
    expect(await refusal(answer)).toEqual([503, expect.stringContaining(told)]);
  }
  const page = await http("GET", "/panel", { vars });
  const text = await page.text();
  const shown = [page.status, text.includes(told), text.includes("secret-1")];
  expect(shown).toEqual([503, true, false]);
  expect(await listDurableObjectIds(bindings.RUNS)).toEqual(before);
});

test("while the database cannot be reached, a decision is taken and kept, and told once it can be", async () => {
  const call = { name: "delete_user_data", args: { user_id: "u" } };
  const { run_id } = await start(script({ calls: [call] }));
  const { id } = await pending(run_id);
  const vars = { [binding]: outOfReach };
  faults.beforeProject = (runId) => {
    if (runId === run_id) throw new Error("The database is away.");
  };
  try {
    const body = json({ status: "approved", resolved_by: "ann" });
    expect((await http("GET", "/approvals", { vars })).status).toBe(503);
    expect((await http("POST", `/approvals/${id}/resolve`, { vars, ...body })).status).toBe(200);
    const status = await http("GET", `/approvals/${id}/status`, { vars });
    expect(await status.json()).toMatchObject({ status: "approved", resolved_by: "ann" });
    expect(await settle(run_id)).toMatchObject({ status: "COMPLETED" });
    expect(await approvalsOf(run_id)).toMatchObject([{ id, status: "pending" }]);
  } finally {
    faults.beforeProject = undefined;
  }
  await door(run_id).poke(true);
  expect(await approvalsOf(run_id)).toMatchObject([{ id, status: "approved" }]);
});

test("a run that cannot be asked does not hide the other stuck ones from the operator", async () => {
  const runs = [await start("hello"), await start("hello")];
  const [broken, other] = runs.map(({ run_id }) => run_id);
  for (const id of [broken, other]) {
    const age =
      "UPDATE runs SET status = 'RUNNING', updated_at_ms = 1, version = 1000 WHERE id = ?";
    await query(age, id);
  }
  const spoil = "UPDATE journal SET v = 99";
  await runInDurableObject(stub(broken ?? ""), (_, { storage }) => void storage.sql.exec(spoil));
  await evict(broken ?? "");
  try {
    const stuck = await get<{ data: unknown[]; unreachable: unknown[] }>("/ops/runs");
    expect(stuck.data).toContainEqual(expect.objectContaining({ run_id: other }));
    const error = expect.stringContaining("journal format 99");
    expect(stuck.unreachable).toContainEqual({ run_id: broken, error });
    const alone = http("GET", `/ops/runs/${broken}`);
    expect(await refusal(alone)).toEqual([503, error]);
  } finally {
    await query("DELETE FROM runs WHERE id IN (?, ?)", broken, other);
  }
});

test("what is not served is 404 in the shape of every error", async () => {
  const paths = [
    "/nothing",
    "/approvals/",
    "/Approvals",
    "/agents/tester/runs/x/y",
    "/panel/nothing",
  ];
  for (const path of paths) {
    expect(await refusal(http("GET", path))).toEqual([404, "Not Found"]);
  }
  for (const [method, path] of [
    ["PUT", "/approvals"],
    ["DELETE", "/agents/tester"],
    ["GET", "/agents/tester/runs"],
  ] as const) {
    expect(await refusal(http(method, path))).toEqual([404, "Not Found"]);
  }
});

test("every route of the API is in its document, and nothing else is", async () => {
  const documented = operationsOf(await readDocument()).map(
    ({ method, path }) => `${method} ${path}`,
  );
  // The pages, and the document itself.
  const undocumented = /^\/(panel(\/.*)?|docs|docs\/style\.css|openapi\.json)$/;
  // Where a channel's answers come back is between it and its own service.
  const isChannels = (path: string) => testChannels.some(({ id }) => path.startsWith(`/${id}/`));
  const routes = worker.routes.filter(({ path }) => !undocumented.test(path) && !isChannels(path));
  // What stands before other routes is no route.
  expect(routes.filter(({ method, path }) => method === "ALL" && path !== "/*")).toEqual([]);
  const served = routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect([...new Set(served)].toSorted()).toEqual(documented.toSorted());
  expect(documented).toContain("POST /approvals/{approval_id}/resolve");
});

test("the document is OpenAPI 3.1: every part is there, every reference leads somewhere, every path has its parameters", async () => {
  const document = await readDocument();
  expect(document).toMatchObject({
    openapi: expect.stringMatching(/^3\.1\.\d+$/),
    info: { title: "kern", version: packageJson.version },
  });
  expect(() => resolved(document, document)).not.toThrow();
  for (const { method, parameters, path, requestBody, responses } of operationsOf(document)) {
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(inPath.map(({ name, required }) => [name, required])).toEqual(
      named.map((name) => [name, true]),
    );
    expect(new Set(parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).size).toBe(
      parameters.length,
    );
    for (const parameter of parameters) expect(parameter.schema).toBeTypeOf("object");
    expect(method === "GET" || method === "DELETE" ? requestBody : undefined).toBeUndefined();
    const statuses = Object.keys(responses);
    expect(statuses.some((status) => status.startsWith("2"))).toBe(true);
    for (const [status, { content = {}, description }] of Object.entries(responses)) {
      expect(status).toMatch(/^[2345]\d\d$/);
      expect(description).not.toBe("");
      for (const { schema } of Object.values(content)) expect(schema).toBeTypeOf("object");
    }
    if (requestBody) expect(statuses).toEqual(expect.arrayContaining(["400", "413", "415", "422"]));
    if (!["/", "/health", "/info", "/webhooks/{webhook_id}"].includes(path)) {
      expect(statuses).toEqual(expect.arrayContaining(["401", "403", "503"]));
    }
  }
});

test("answers are as the document says", async () => {
  const document = await readDocument();
  const { id, run_id, session_id } = await pending(
    (await start(script({ calls: [{ name: "pay_out", args: { amount: 1, account: "" } }] })))
      .run_id,
  );
  const team = await start(script({ text: "hi" }), {}, "crew", "teams");
  const sent = await byToken({ message: script() });
  await vi.waitFor(async () => get(`/events/${sent.event_id}`));
  const ids = {
    approval_id: id,
    run_id,
    session_id,
    agent_id: "tester",
    event_id: sent.event_id ?? "",
    schedule_id: "nightly",
  };
  const teamIds = { team_id: "crew", run_id: team.run_id };
  for (const operation of operationsOf(document).filter(({ method }) => method === "GET")) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const of: Record<string, string> = operation.path.startsWith("/teams") ? teamIds : ids;
      return of[name] ?? "";
    });
    const answer = await http("GET", path);
    const type = answer.headers.get("content-type");
    const told = { status: answer.status, type, body: await answer.text() };
    expect([path, told.status, mismatch(document, operation, told)]).toEqual([path, 200, null]);
  }
});
