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
  meta: Record<"page" | "limit" | "total_pages" | "total_count" | "search_time_ms", number> & {
    total_is_exact: boolean;
    next_cursor: string | null;
  };
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
    total_is_exact: true,
    next_cursor: null,
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

test("a cursor goes on where a page ended, past what is added meanwhile, and keeps the total of the first page", async () => {
  const user = unique("mia");
  for (const id of ["a", "b", "c", "d", "e"]) await start(deletion(id), { user_id: user });
  const order = (await get<Page>(`/approvals?user_id=${user}`)).data.map(({ id }) => id);
  const seen: string[] = [];
  let page = await get<Page>(`/approvals?user_id=${user}&limit=2`);
  clock.move(1000);
  await start(deletion("f"), { user_id: user });
  clock.move(-1000);
  for (const last of [false, false, true]) {
    seen.push(...page.data.map(({ id }) => id));
    expect(page.meta).toMatchObject({ page: 1, limit: 2, total_pages: 3, total_count: 5 });
    expect(page.meta.next_cursor === null).toBe(last);
    const next = `/approvals?limit=2&user_id=${user}&cursor=${page.meta.next_cursor}`;
    if (!last) page = await get<Page>(next);
  }
  expect(seen).toEqual(order);
  const second = await get<Page>(`/approvals?user_id=${user}&limit=2&page=2`);
  const further = await get<Page>(`/approvals?user_id=${user}&cursor=${second.meta.next_cursor}`);
  expect(further.data.map(({ id }) => id)).toEqual(order.slice(3));
});

test("a cursor that cannot be read, is of other filters, or comes with a page is refused in words", async () => {
  const user = unique("mia");
  for (const id of ["a", "b"]) await start(deletion(id), { user_id: user });
  const first = await get<Page>(`/approvals?user_id=${user}&limit=1`);
  const cursor = first.meta.next_cursor;
  const other =
    "The cursor is of a list with other filters: give the same ones, or begin without a cursor.";
  const broken =
    "The cursor cannot be read: give next_cursor as it came, or begin without a cursor.";
  const expected: [string, string][] = [
    [`user_id=${user}&status=pending&cursor=${cursor}`, other],
    [`cursor=${cursor}`, other],
    [`user_id=${user}&cursor=${cursor?.slice(0, -4)}`, broken],
    [`user_id=${user}&cursor=x`, broken],
    [`user_id=${user}&cursor=${btoa('[2,0,""]')}`, broken],
    [`user_id=${user}&page=2&cursor=${cursor}`, "Give a cursor or a page, not both."],
  ];
  for (const [query, text] of expected) {
    expect([query, await refusal(http("GET", `/approvals?${query}`))]).toEqual([
      query,
      [422, text],
    ]);
  }
  expect((await http("GET", `/approvals?user_id=${user}&page=1&cursor=${cursor}`)).status).toBe(
    200,
  );
});

test("a moment is given in epoch seconds or in ISO 8601, and text is found in the arguments", async () => {
  const user = unique("mia");
  const word = unique("Needle");
  await start(deletion(`"${word}"`), { user_id: user });
  const [found] = (await get<Page>(`/approvals?user_id=${user}`)).data;
  const at = found?.created_at ?? 0;
  const iso = (seconds: number) => encodeURIComponent(new Date(seconds * 1000).toISOString());
  const zoned = encodeURIComponent(
    new Date((at + 3600) * 1000).toISOString().replace("Z", "+01:00"),
  );
  const expected: [string, number][] = [
    [`created_after=${at}`, 1],
    [`created_after=${iso(at)}`, 1],
    [`created_after=${zoned}`, 1],
    [`created_after=${at + 1}`, 0],
    [`created_before=${at}`, 0],
    [`created_before=${at + 1}`, 1],
    [`created_before=${iso(at + 1)}&created_after=${at}`, 1],
    [`q=${word.toLowerCase()}`, 1],
    [`q=${encodeURIComponent(`"${word}"`)}`, 1],
    [`q=${word}-not`, 0],
  ];
  for (const [query, count] of expected) {
    const { meta } = await get<Page>(`/approvals?user_id=${user}&${query}`);
    expect([query, meta.total_count]).toEqual([query, count]);
    expect(await get(`/approvals/count?user_id=${user}&${query}`)).toEqual({ count });
  }
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
    [`session_id=${open.session_id}`, [open.run_id]],
    ["tool_name=pay_out", [open.run_id]],
    ["resolved_by=nobody", []],
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
  "user_id=",
  "session_id=",
  "cursor=",
  "q=",
  `q=${"x".repeat(201)}`,
  "created_after=",
  "created_after=yesterday",
  "created_after=-1",
  "created_after=1.5",
  "created_before=2026-11-01",
  "created_before=2026-11-01T00:00:00",
  "created_before=123456789012",
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
