import { beforeAll, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { RunView } from "../../src/run/view.ts";
import { get, pending, start } from "../client.ts";
import { script } from "../world.ts";
import { refusal, unique } from "./http.ts";
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

const all =
  "agents:run agents:read teams:run teams:read approvals:read sessions:read sessions:write";
const missingRun = [404, "Run not found"];
const missingApproval = [404, "Approval not found"];
const missingSession = [404, "Session not found"];
const foreignUser = [403, "The user_id is not your own: leave it out."];

let ask: ReturnType<typeof doorWith>;
let key: SigningKey;
let ann = "";
let bob = "";
let admin = "";
const idOf = (sub: string) => `${issuer}|${sub}`;
const name = { ann: unique("ann"), bob: unique("bob") };

const gated = () => script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
const startAs = async (
  token: string,
  fields: Record<string, unknown> = {},
  path = "/agents/tester/runs",
) => ask("POST", path, sending({ message: gated(), stream: false, ...fields }, token));
const answer = async <T>(method: string, path: string, visit: Visit): Promise<T> => {
  const response = await ask(method, path, visit);
  expect([path, response.status]).toEqual([path, 200]);
  return response.json<T>();
};

let session = "";
let mine: RunView;
let approval: ApprovalRecord;
beforeAll(async () => {
  key = await signingKey("k");
  ask = doorWith(
    { jwt: { issuer, audience, keys: key.jwk }, isolateUsers: true },
    { OS_SECURITY_KEY: "sk" },
  );
  const tokenOf = async (sub: string, scope: string) =>
    key.sign(claimsOf(sub, { scope, email: `${sub}@example.com`, email_verified: true }));
  ann = await tokenOf(name.ann, all);
  bob = await tokenOf(name.bob, `${all} approvals:delete`);
  admin = await tokenOf(unique("root"), "agent_os:admin");
  session = unique("session");
  mine = await (await startAs(ann, { session_id: session })).json<RunView>();
  approval = await pending(mine.run_id);
});

test("a run is its user's, by whichever of their own names they give, and nobody else's", async () => {
  expect(mine).toMatchObject({ requested_by: idOf(name.ann), user_id: idOf(name.ann) });
  const own = [name.ann, `${name.ann.toUpperCase()}+x@Example.com`, idOf(name.ann)];
  for (const user_id of own) {
    const run = await (await startAs(ann, { user_id })).json<RunView>();
    expect(run.user_id).toBe(idOf(name.ann));
  }
  for (const user_id of [name.bob, `${name.bob}@example.com`, "mia", `${name.ann}x`])
    expect(await refusal(startAs(ann, { user_id }))).toEqual(foreignUser);
});

/** An id that nobody was given. */
const another = (id: string) => id.slice(0, -1) + (id.endsWith("0") ? "1" : "0");

test("another's run is told as one that is not there, whatever is asked of it", async () => {
  const missing = another(mine.run_id);
  for (const [token, runId] of [
    [bob, mine.run_id],
    [bob, missing],
    [ann, missing],
  ] as const) {
    const path = `/agents/tester/runs/${runId}`;
    expect(await refusal(ask("GET", path, { token }))).toEqual(missingRun);
    for (const verb of ["continue", "resume", "cancel"])
      expect(await refusal(ask("POST", `${path}/${verb}`, sending({}, token)))).toEqual(missingRun);
  }
  expect(await get(`/agents/tester/runs/${mine.run_id}`)).toMatchObject({ status: "PAUSED" });
  const { run_id } = await answer<RunView>("GET", `/agents/tester/runs/${mine.run_id}`, {
    token: ann,
  });
  expect(run_id).toBe(mine.run_id);
});

test("another's approval is told as one that is not there, also to who waits for it", async () => {
  const missing = another(approval.id);
  for (const id of [approval.id, missing]) {
    const token = bob;
    const startedMs = performance.now();
    for (const path of [`/approvals/${id}`, `/approvals/${id}/status?wait=20`])
      expect(await refusal(ask("GET", path, { token }))).toEqual(missingApproval);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await refusal(ask("DELETE", `/approvals/${id}`, { token }))).toEqual(missingApproval);
    const decider = await key.sign(claimsOf(name.bob, { scope: "approvals:write" }));
    const decision = sending({ status: "approved" }, decider);
    expect(await refusal(ask("POST", `/approvals/${id}/resolve`, decision))).toEqual(
      missingApproval,
    );
    expect((await ask("GET", `/panel/approvals/${id}`, { token })).status).toBe(404);
  }
  expect(await answer("GET", `/approvals/${approval.id}`, { token: ann })).toMatchObject({
    status: "pending",
  });
});

interface Page {
  data: { id?: string; run_id?: string; session_id?: string; requested_by?: string }[];
  meta: { total_count: number };
}

test("lists and counts are of one's own, also where others have claimed to be their user", async () => {
  // Before users were kept apart, anybody could.
  const before = await start(gated(), { user_id: idOf(name.bob) });
  const theirs = await (await startAs(bob)).json<RunView>();
  for (const query of ["", "?status=pending", `?user_id=${name.bob}`, "?limit=1"]) {
    const page = await answer<Page>("GET", `/approvals${query}`, { token: bob });
    expect(page.data.map(({ run_id }) => run_id)).toEqual([theirs.run_id]);
    expect(page.meta.total_count).toBe(1);
  }
  expect(await answer("GET", "/approvals/count", { token: bob })).toMatchObject({ count: 1 });
  for (const path of ["/approvals?user_id=", "/approvals/count?user_id=", "/sessions?user_id="])
    expect(await refusal(ask("GET", `${path}${name.ann}`, { token: bob }))).toEqual(foreignUser);
  const panel = await (await ask("GET", "/panel", { token: bob })).text();
  expect([panel.includes(approval.id), panel.includes(theirs.run_id.slice(4, 30))]).toEqual([
    false,
    true,
  ]);
  const sessions = await answer<Page>("GET", "/sessions", { token: bob });
  expect(new Set(sessions.data.map(({ session_id }) => session_id))).toEqual(
    new Set([before.session_id, theirs.session_id]),
  );
  // The session bears the name that was claimed, and shows nothing that another has asked for in it.
  const old = `/sessions/${before.session_id}`;
  expect(await answer("GET", `${old}/runs`, { token: bob })).toEqual([]);
  expect(await answer("GET", old, { token: bob })).toMatchObject({ chat_history: [] });
});

test("another's session is told as one that is not there, and cannot be written to", async () => {
  for (const id of [session, unique("session")]) {
    for (const path of [`/sessions/${id}`, `/sessions/${id}/runs`])
      expect(await refusal(ask("GET", path, { token: bob }))).toEqual(missingSession);
    expect(await refusal(ask("DELETE", `/sessions/${id}`, { token: bob }))).toEqual(missingSession);
    const rename = sending({ session_name: "mine" }, bob);
    expect(await refusal(ask("POST", `/sessions/${id}/rename`, rename))).toEqual(missingSession);
  }
  expect(await refusal(startAs(bob, { session_id: session }))).toEqual(missingSession);
  const runs = await answer<{ run_id: string }[]>("GET", `/sessions/${session}/runs`, {
    token: ann,
  });
  expect(runs.map(({ run_id }) => run_id)).toEqual([mine.run_id]);
});

test("a member's run is its team's user's", async () => {
  const message = script({
    calls: [{ name: "delegate_task_to_member", args: { member_id: "clerk", task: gated() } }],
  });
  const started = await startAs(ann, { message }, "/teams/crew/runs");
  const { requirements, run_id } = await started.json<RunView>();
  const member = `/agents/clerk/runs/${requirements[0]?.member_run_id ?? ""}`;
  expect(await answer("GET", member, { token: ann })).toMatchObject({
    requested_by: idOf(name.ann),
  });
  // As one that is not there: nobody starts the clerk, who works in teams alone.
  for (const path of [member, another(member)])
    expect(await refusal(ask("GET", path, { token: bob }))).toEqual([404, "Agent not found"]);
  expect(await refusal(ask("GET", `/teams/crew/runs/${run_id}`, { token: bob }))).toEqual(
    missingRun,
  );
});

test("an admin and the security key see everything, and may start runs for others", async () => {
  for (const token of [admin, "sk"]) {
    const path = `/approvals?user_id=${encodeURIComponent(idOf(name.ann))}&status=pending`;
    const page = await answer<Page>("GET", path, { token });
    expect(page.data.map(({ run_id }) => run_id)).toContain(mine.run_id);
    await answer("GET", `/agents/tester/runs/${mine.run_id}`, { token });
    const run = await (await startAs(token, { user_id: "mia" })).json<RunView>();
    expect(run.user_id).toBe("mia");
  }
});
