import { afterEach, expect, test, vi } from "vitest";
import {
  approvalsOf,
  ask,
  bindings,
  crash,
  door,
  evict,
  get,
  pending,
  resolve,
  ring,
  settle,
  start,
} from "../client.ts";
import { db } from "../database.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { clock, effects, faults, healAll, script } from "../world.ts";
import { refusal } from "./http.ts";
import { audience, claimsOf, doorWith, issuer, sending, signingKey } from "./issuer.ts";

interface Switch {
  id: string;
  paused: boolean;
  reason: string | null;
  changed_by: string;
}

const switched = async (path: string, body?: unknown): Promise<Switch> => {
  const response = await ask("POST", path, body);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.json<Switch>();
};
const yes = { status: "approved", resolved_by: "ann" };
const calls = (name: string, args: object) => script({ calls: [{ name, args }] });
const deletion = () => calls("delete_user_data", { user_id: "u-1" });
const effectsOf = (runId: string) => effects.filter((effect) => effect.runId === runId);

/** Resolves once the run's calls are held, with what an operator is told. */
async function held(runId: string): Promise<string> {
  return vi.waitFor(async () => {
    const reply = await door(runId).inspect();
    const error = reply.ok ? reply.inspection.error : null;
    if (error === null) throw new Error("Nothing is held.");
    return error;
  });
}

/** A run whose call was approved while its agent was paused. */
async function approvedWhilePaused(message = deletion()) {
  const run = await start(message);
  const asked = await pending(run.run_id);
  await switched("/agents/tester/pause");
  expect((await resolve(asked.id, yes)).status).toBe(200);
  await held(run.run_id);
  return { runId: run.run_id, id: asked.id };
}

afterEach(async () => {
  vi.restoreAllMocks();
  healAll();
  const { data } = await get<{ data: Switch[] }>("/switches");
  for (const { id, paused } of data) {
    const kind = id === "crew" ? "teams" : "agents";
    if (paused) await switched(id === "*" ? "/unpause" : `/${kind}/${id}/unpause`);
  }
});

test("an approved call of a paused agent does not start, keeps its decision, and runs once the agent is unpaused", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  expect(await switched("/agents/tester/pause", { reason: " It went wild. " })).toMatchObject({
    id: "tester",
    paused: true,
    reason: "It went wild.",
  });
  const decided = await resolve(id, yes);
  expect(decided).toMatchObject({ status: 200, body: { status: "approved", resolved_by: "ann" } });
  expect(await held(run.run_id)).toMatch(/^'tester' was paused by \S+: It went wild\.$/);
  const later = await start(deletion());
  expect(later.status).toBe("PAUSED");
  expect(effectsOf(run.run_id)).toEqual([]);
  expect(await switched("/agents/tester/unpause")).toMatchObject({ paused: false, reason: null });
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effectsOf(run.run_id)).toHaveLength(1);
  const [approval] = await approvalsOf(run.run_id);
  expect(approval).toMatchObject({ id, status: "approved", call_outcome: "succeeded" });
});

test("pausing everything holds every agent's gated calls, also where the agent's own switch is off", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  await switched("/pause", { reason: "Fire drill" });
  await resolve(id, yes);
  expect(await held(run.run_id)).toMatch(/^Everything was paused by \S+: Fire drill$/);
  await switched("/agents/tester/unpause");
  expect(await held(run.run_id)).toContain("Fire drill");
  expect(effectsOf(run.run_id)).toEqual([]);
  await switched("/unpause");
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
});

test("a call that asks nobody runs while its agent is paused, and one that its own user confirms does not", async () => {
  await switched("/agents/tester/pause");
  const free = await start(calls("look_up", { user_id: "u-1" }));
  expect(free.status).toBe("COMPLETED");
  expect(effectsOf(free.run_id)).toHaveLength(1);
  const run = await start(calls("rename", { user_id: "u-1", name: "Ada" }));
  const [{ tool_execution: waiting } = { tool_execution: null }] = run.requirements;
  void ask("POST", `/agents/tester/runs/${run.run_id}/continue`, {
    tools: JSON.stringify([{ tool_call_id: waiting?.tool_call_id, confirmed: true }]),
    stream: false,
  });
  await held(run.run_id);
  expect(effectsOf(run.run_id)).toEqual([]);
  await switched("/agents/tester/unpause");
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effectsOf(run.run_id)).toHaveLength(1);
});

test.each([
  ["the team", "/teams/crew"],
  ["the member's agent", "/agents/clerk"],
])("a member's approved call waits while %s is paused", async (_, path) => {
  const team = await lead({ calls: [handing("clerk", { calls: [gatedOfClerk] })] });
  const { id, run_id: memberRun } = await pending(team.run_id);
  await switched(`${path}/pause`);
  await resolve(id, yes);
  await held(memberRun);
  expect(effectsOf(memberRun)).toEqual([]);
  await switched(`${path}/unpause`);
  await settle(memberRun);
  expect((await settledTeam(team.run_id)).status).toBe("COMPLETED");
  expect(effectsOf(memberRun)).toHaveLength(1);
});
const gatedOfClerk = { name: "delete_user_data", args: { user_id: "u-9" } };

test("a switch that cannot be read holds the call, until it can be read again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  faults.beforeSwitches = () => {
    throw new Error("The database is away.");
  };
  await resolve(id, yes);
  expect(await held(run.run_id)).toBe("The kill switch cannot be read, so no gated call starts.");
  for (let n = 0; n < 3; n++) {
    clock.move(61_000);
    await ring(run.run_id);
    await held(run.run_id);
  }
  expect(effectsOf(run.run_id)).toEqual([]);
  healAll();
  clock.move(61_000);
  expect(await ring(run.run_id)).toBe(true);
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effectsOf(run.run_id)).toHaveLength(1);
});

test("held is held across an eviction and a crash, and nobody need wake a run whose switch is off again", async () => {
  const { runId } = await approvedWhilePaused();
  await evict(runId);
  await held(runId);
  await crash(runId);
  await held(runId);
  expect(effectsOf(runId)).toEqual([]);
  await evict(runId);
  await switched("/agents/tester/unpause");
  expect((await settle(runId)).status).toBe("COMPLETED");
  expect(effectsOf(runId)).toHaveLength(1);
});

test("a run that its unpausing did not reach looks by itself, within minutes", async () => {
  const { runId } = await approvedWhilePaused();
  const off = { id: "tester", is_on: false, reason: null, changed_by: "root", changed_at_ms: 1 };
  await db.connect(bindings).switches.set(off);
  clock.move(5 * 60_000);
  expect(await ring(runId)).toBe(true);
  expect((await settle(runId)).status).toBe("COMPLETED");
});

test("what was held for longer than its approval may be used within is asked about anew", async () => {
  const { id, runId } = await approvedWhilePaused();
  clock.move(25 * 3_600_000);
  await switched("/agents/tester/unpause");
  expect((await settle(runId)).status).toBe("PAUSED");
  const again = await pending(runId);
  expect(again.id).not.toBe(id);
  expect(again.context).toMatchObject({ reason: "approval_stale" });
  expect(effectsOf(runId)).toEqual([]);
});

test("a run that is held can be cancelled, and its call never runs", async () => {
  const { runId } = await approvedWhilePaused();
  expect((await ask("POST", `/agents/tester/runs/${runId}/cancel`)).status).toBe(200);
  await switched("/agents/tester/unpause");
  expect((await settle(runId)).status).toBe("CANCELLED");
  expect(effectsOf(runId)).toEqual([]);
});

test.each([
  ["is repeated", "set_flag", { flag: "f" }, 2],
  ["turns out to have been done", "ship", { order: "o-1" }, 1],
])(
  "a call that a crash interrupted %s only once its agent is unpaused",
  async (_, name, args, times) => {
    const run = await start(calls(name, args));
    const { id } = await pending(run.run_id);
    faults.afterEffect = () => new Promise(() => undefined);
    await resolve(id, yes);
    await vi.waitFor(() => expect(effectsOf(run.run_id)).toHaveLength(1));
    await switched("/agents/tester/pause");
    healAll();
    await crash(run.run_id);
    await held(run.run_id);
    expect(effectsOf(run.run_id)).toHaveLength(1);
    await switched("/agents/tester/unpause");
    expect((await settle(run.run_id)).status).toBe("COMPLETED");
    expect(effectsOf(run.run_id)).toHaveLength(times);
  },
);

test("switches are turned by admins, of what there is, and listed with who turned them", async () => {
  const missing = [404, "Agent not found"];
  expect(await refusal(ask("POST", "/agents/nobody/pause"))).toEqual(missing);
  expect(await refusal(ask("POST", "/agents/crew/pause"))).toEqual(missing);
  expect(await refusal(ask("POST", "/teams/tester/unpause"))).toEqual([404, "Team not found"]);
  expect((await ask("POST", "/agents/tester/pause", { reason: "" })).status).toBe(422);
  const key = await signingKey("k");
  const visit = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  const admin = await key.sign(claimsOf("ann", { scopes: ["agent_os:admin"] }));
  const other = await key.sign(claimsOf("bob", { scopes: ["agents:run"] }));
  for (const path of ["/agents/tester/pause", "/teams/crew/pause", "/pause", "/unpause"])
    expect((await visit("POST", path, sending({}, other))).status).toBe(403);
  const pausing = await visit("POST", "/agents/tester/pause", sending({ reason: "r" }, admin));
  expect(pausing.status).toBe(200);
  const { data } = await get<{ data: Switch[] }>("/switches");
  const own = data.find(({ id }) => id === "tester");
  expect(own).toMatchObject({ paused: true, reason: "r" });
  expect(own?.changed_by).toContain("ann");
});
