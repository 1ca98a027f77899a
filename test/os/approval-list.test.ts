import { expect, test } from "vitest";
import { Agent } from "../../src/agent/agent.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { approve, get, pending, start } from "../client.ts";
import { agent } from "../worker.ts";
import { clock, script } from "../world.ts";
import { http, json, type Question, refusal, unique } from "./http.ts";

const call = (name: string, args: unknown) => script({ calls: [{ name, args }] });
const deletion = (user_id = unique("u")) => call("delete_user_data", { user_id });

interface Page {
  data: ApprovalRecord[];
  meta: Record<"page" | "limit" | "total_pages" | "total_count" | "search_time_ms", number>;
}

test("a list has the newest first, in one order however it is paged, and says how much there is", async () => {
  const user = unique("mia");
  const three = ["a", "b", "c"].map((id) => ({ name: "delete_user_data", args: { user_id: id } }));
  await start(script({ calls: three }), { user_id: user });
  const later = ["d", "e", "f", "g", "h"];
  for (const id of later) {
    clock.move(1000);
    await start(deletion(id), { user_id: user });
  }
  clock.move(-5000);

  const whole = await get<Page>(`/approvals?user_id=${user}`);
  const order = whole.data.map(({ tool_args }) => tool_args["user_id"]);
  expect(order.slice(0, 5)).toEqual(later.toReversed());
  expect(new Set(order.slice(5))).toEqual(new Set(["a", "b", "c"]));
  expect(whole.meta).toEqual({
    page: 1,
    limit: 100,
    total_pages: 1,
    total_count: 8,
    search_time_ms: expect.any(Number),
  });
  const paged: ApprovalRecord[] = [];
  for (const page of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const { data, meta } = await get<Page>(`/approvals?user_id=${user}&limit=1&page=${page}`);
    expect(meta).toMatchObject({ page, limit: 1, total_pages: 8, total_count: 8 });
    paged.push(...data);
  }
  expect(paged).toEqual(whole.data);
  expect((await get<Page>(`/approvals?user_id=${user}&limit=3`)).meta.total_pages).toBe(3);
  const past = await get<Page>(`/approvals?user_id=${user}&limit=3&page=4`);
  expect(past).toMatchObject({ data: [], meta: { page: 4, total_pages: 3, total_count: 8 } });
  const none = await get<Page>(`/approvals?user_id=${unique("nobody")}`);
  expect(none).toMatchObject({ data: [], meta: { total_pages: 0, total_count: 0 } });
});

test("a filter leaves what fits it, in the list and in the count alike", async () => {
  const user = unique("mia");
  const open = await start(call("pay_out", { amount: 5, account: "" }), { user_id: user });
  const closed = await start(deletion(), { user_id: user });
  await approve((await pending(closed.run_id)).id);
  const expected: [string, string[]][] = [
    ["status=pending", [open.run_id]],
    ["status=approved", [closed.run_id]],
    ["status=rejected", []],
    ["pause_type=user_input", [open.run_id]],
    ["pause_type=external_execution", []],
    ["approval_type=required", [closed.run_id, open.run_id]],
    ["approval_type=audit", []],
    ["source_type=agent", [closed.run_id, open.run_id]],
    ["source_type=team", []],
    ["agent_id=tester", [closed.run_id, open.run_id]],
    ["agent_id=short", []],
    ["team_id=t", []],
    ["workflow_id=w", []],
    ["schedule_id=s", []],
    [`run_id=${open.run_id}`, [open.run_id]],
    [`status=approved&run_id=${open.run_id}`, []],
  ];
  for (const [query, runs] of expected) {
    const { data, meta } = await get<Page>(`/approvals?user_id=${user}&${query}`);
    expect([query, data.map(({ run_id }) => run_id).toSorted()]).toEqual([query, runs.toSorted()]);
    expect(meta.total_count).toBe(runs.length);
    const status = query.includes("status=") ? "" : "&status=pending";
    const counted = await get(`/approvals/count?user_id=${user}&${query}${status}`);
    const pendingOnly = status === "" ? runs : runs.filter((id) => id === open.run_id);
    expect([query, counted]).toEqual([query, { count: pendingOnly.length }]);
  }
  expect(await get(`/approvals/count?user_id=${user}`)).toEqual({ count: 1 });
});

test.each([
  "status=open",
  "status=",
  "status=PENDING",
  "status=pending&status=approved",
  "source_type=person",
  "approval_type=optional",
  "pause_type=coffee",
  "limit=0",
  "limit=1001",
  "limit=-1",
  "limit=1e2",
  "limit=",
  "limit=ten",
  "limit=1.5",
  "page=0",
  "page=-1",
  "page=99999999999999999999",
  "page=0x10",
  "page=1&page=2",
])("a list asked for with %s is refused with the place of the mistake", async (query) => {
  const loc = ["query", query.split("=")[0]];
  expect(await refusal(http("GET", `/approvals?${query}`))).toEqual([
    422,
    [{ type: expect.any(String), loc, msg: expect.any(String) }],
  ]);
});

test("the bounds themselves are taken, and a count knows no page", async () => {
  const user = unique("nobody");
  for (const query of ["limit=1", "limit=1000", "page=1000000000"]) {
    expect((await http("GET", `/approvals?user_id=${user}&${query}`)).status).toBe(200);
  }
  expect((await http("GET", `/approvals/count?status=open`)).status).toBe(422);
});

test("without a database everything about approvals is refused in the same words", async () => {
  const app = new AgentOS({ agents: [new Agent({ id: "plain", model: agent.model })] }).getApp();
  const { id } = await pending((await start(deletion())).run_id);
  const text = "Approvals not available: pass a db to AgentOS to enable this feature.";
  const asked: [string, string, Question?][] = [
    ["GET", "/approvals"],
    ["GET", "/approvals/count"],
    ["GET", `/approvals/${id}`],
    ["GET", `/approvals/${id}/status`],
    ["POST", `/approvals/${id}/resolve`, json({ status: "approved" })],
    ["DELETE", `/approvals/${id}`],
  ];
  for (const [method, path, question] of asked) {
    expect(await refusal(http(method, path, { ...question, app }))).toEqual([503, text]);
  }
  expect((await http("GET", "/health", { app })).status).toBe(200);
});
