import { expect, test } from "vitest";
import { pending, settle, start } from "../client.ts";
import { lead } from "../team.ts";
import { script } from "../world.ts";
import { http, json, type Question, refusal, unique } from "./http.ts";
import { operationsOf, readDocument } from "./openapi.ts";

type Examples = Record<string, { value: { detail: unknown } }>;
/** What is asked, of which documented path, and the status that it is refused with. */
type Case = [status: number, method: string, path: string, question?: Question, query?: string];

test("what is refused is refused in the words that the document gives for it", async () => {
  const gated = script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
  const { run_id } = await start(gated);
  const approval = await pending(run_id);
  const bank = await start(script({ calls: [{ name: "call_bank", args: { question: "?" } }] }));
  const cancelled = await start(gated);
  await http("POST", `/agents/tester/runs/${cancelled.run_id}/cancel`);
  const { id: closed } = await settled(cancelled.run_id);
  const audited = await start(script({ calls: [{ name: "notify", args: { user_id: "u-1" } }] }));
  const { id: record } = await settled(audited.run_id);

  const known = {
    agent_id: "tester",
    run_id,
    approval_id: approval.id,
    team_id: "crew",
    session_id: audited.session_id,
  };
  const team = await lead({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
  const ofTeam = { run_id: team.run_id };
  const key = { "idempotency-key": unique("key") };
  await http("POST", "/agents/tester/runs", json({ message: "one", background: true }, key));
  const keyed = { vars: { OS_SECURITY_KEY: "k" } };
  const away = { base: "https://kern.example.com" };
  const form = { body: "--x", headers: { "content-type": "multipart/form-data; boundary=x" } };
  const large = json("x".repeat(1024 * 1024 + 1));
  const plain = { body: "x", headers: { "content-type": "text/plain" } };
  const runs = "/agents/{agent_id}/runs";
  const run = `${runs}/{run_id}`;
  const teamRuns = "/teams/{team_id}/runs";
  const teamRun = `${teamRuns}/{run_id}`;
  const session = "/sessions/{session_id}";
  const taken = { message: "x", session_id: audited.session_id, user_id: "somebody else" };
  const resolve = "/approvals/{approval_id}/resolve";
  const unreachable = { vars: { RUNS: { getByName: () => ({}) } } };

  const cases: [Case, Partial<typeof known>?][] = [
    [[401, "GET", "/agents", keyed]],
    [[401, "GET", run, { ...keyed, headers: { authorization: "Bearer no" } }]],
    [[503, "GET", "/config", away]],
    [[503, "GET", run, unreachable]],
    [[503, "GET", "/approvals/{approval_id}", unreachable]],
    [[404, "GET", "/agents/{agent_id}"], { agent_id: "nobody" }],
    [[404, "POST", runs, json({ message: "x" })], { agent_id: "nobody" }],
    [[404, "GET", run], { agent_id: "nobody" }],
    [[404, "GET", run], { run_id: "run_nothing" }],
    [[404, "POST", `${run}/cancel`], { run_id: "run_nothing" }],
    [[404, "POST", `${run}/resume`], { run_id: "run_nothing" }],
    [[404, "POST", `${run}/continue`], { run_id: "run_nothing" }],
    [[404, "GET", "/ops/runs/{run_id}"], { run_id: "run_nothing" }],
    [[404, "GET", "/approvals/{approval_id}"], { approval_id: "apr_nothing" }],
    [[404, "GET", "/approvals/{approval_id}/status"], { approval_id: "apr_nothing" }],
    [[404, "DELETE", "/approvals/{approval_id}"], { approval_id: "apr_nothing" }],
    [[404, "POST", resolve, json({ status: "approved" })], { approval_id: "apr_nothing" }],
    [[422, "GET", "/approvals", {}, "?limit=1001"]],
    [[422, "GET", "/approvals", {}, "?cursor=x&page=2"]],
    [[422, "GET", "/approvals/count", {}, "?user_id="]],
    [[422, "GET", "/approvals/{approval_id}/status", {}, "?wait=31"]],
    [[400, "POST", resolve, json("{")]],
    [[413, "POST", resolve, large]],
    [[415, "POST", resolve, plain]],
    [[422, "POST", resolve, json({})]],
    [
      [422, "POST", resolve, json({ status: "approved" })],
      { approval_id: (await pending(bank.run_id)).id },
    ],
    [[409, "DELETE", "/approvals/{approval_id}"]],
    [[409, "DELETE", "/approvals/{approval_id}"], { approval_id: record }],
    [[400, "POST", runs, json("{")]],
    [[400, "POST", runs, form]],
    [[413, "POST", runs, large]],
    [[415, "POST", runs, plain]],
    [[422, "POST", runs, json({})]],
    [[422, "POST", runs, json({ message: "another" }, key)]],
    [[403, "POST", `${run}/continue`]],
    [[422, "POST", `${run}/continue`, json({ tools: {} })]],
    [[422, "POST", `${run}/resume`, json({ last_event_index: 7 })]],
    [[404, "POST", runs, json(taken)]],
    [[404, "GET", "/teams/{team_id}"], { team_id: "nobody" }],
    [[404, "POST", teamRuns, json({ message: "x" })], { team_id: "nobody" }],
    [[404, "POST", teamRuns, json(taken)]],
    [[422, "POST", teamRuns, json({})]],
    [[404, "GET", teamRun]],
    [[404, "GET", teamRun], { team_id: "nobody" }],
    [[403, "POST", `${teamRun}/continue`], ofTeam],
    [[422, "POST", `${teamRun}/continue`, json({ requirements: {} })], ofTeam],
    [[422, "POST", `${teamRun}/resume`, json({ last_event_index: 7 })], ofTeam],
    [[404, "GET", "/sessions", {}, "?db_id=other"]],
    [[422, "GET", "/sessions", {}, "?limit=1001"]],
    [[404, "GET", session], { session_id: "nothing" }],
    [[404, "GET", session, {}, "?db_id=other"]],
    [[422, "GET", session, {}, "?user_id="]],
    [[404, "GET", `${session}/runs`], { session_id: "nothing" }],
    [[422, "GET", `${session}/runs`, {}, "?limit=101"]],
    [[404, "POST", `${session}/rename`, json({ session_name: "x" })], { session_id: "nothing" }],
    [[400, "POST", `${session}/rename`, form]],
    [[413, "POST", `${session}/rename`, large]],
    [[415, "POST", `${session}/rename`, plain]],
    [[422, "POST", `${session}/rename`, json({ session_name: " " })]],
    [[404, "DELETE", session], { session_id: "nothing" }],
    [[422, "DELETE", session, {}, "?user_id="]],
  ];

  const operations = operationsOf(await readDocument());
  const check = async ([status, method, path, question = {}, query = ""]: Case, ids = {}) => {
    const values: Record<string, string> = { ...known, ...ids };
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "") + query;
    const [answered, detail] = await refusal(http(method, url, question));
    const told = operations.find((one) => one.method === method && one.path === path);
    const media = told?.responses[status]?.content?.["application/json"] as
      | { examples?: Examples }
      | undefined;
    const details = Object.values(media?.examples ?? {}).map(({ value }) => value.detail);
    expect([method, url, answered, details]).toEqual([
      method,
      url,
      status,
      expect.arrayContaining([detail]),
    ]);
  };
  for (const [one, ids] of cases) await check(one, ids);

  // These say which state stands against it: another word than that of the example, in the same text.
  const conflict = http("POST", `/approvals/${closed}/resolve`, json({ status: "approved" }));
  expect(await refusal(conflict)).toEqual([
    409,
    "Approval is already 'cancelled' and cannot be resolved",
  ]);
  const over = http("POST", `/agents/tester/runs/${cancelled.run_id}/continue`);
  expect(await refusal(over)).toEqual([
    409,
    `Cannot continue run ${cancelled.run_id}: run is cancelled`,
  ]);
});

async function settled(runId: string): Promise<{ id: string }> {
  const run = await settle(runId);
  return { id: run.tools[0]?.approval_id ?? "" };
}
