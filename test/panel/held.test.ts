import { afterEach, expect, test, vi } from "vitest";
import { ask, bindings, door, pending, resolve, settle, start } from "../client.ts";
import { db } from "../database.ts";
import { http, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { handing, lead } from "../team.ts";
import { effects, faults, healAll, script } from "../world.ts";
import { see, type Seen } from "./page.ts";

const deletion = () =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: unique("u") } }] });
const look = async (path: string) => see(await http("GET", path));
const pause = async (path: string, reason = "It went <b>wild</b>.") =>
  expect((await ask("POST", `${path}/pause`, { reason })).status).toBe(200);
const alarms = ({ elements, texts }: Seen) => {
  const isShown = elements.some(({ attributes }) => attributes["class"] === "card alarm");
  return isShown ? texts["p"]?.filter((text) => text.includes("was paused")) : [];
};
const saying = (what: string, scope: string) =>
  `${what} was paused by anonymous: It went <b>wild</b>. No gated call ${scope}starts.`;

afterEach(async () => {
  healAll();
  const { switches } = db.connect(bindings);
  for (const row of await switches.list())
    if (row.is_on) await switches.set({ ...row, is_on: false });
});

/** A run whose call was approved while its agent was paused, and is held. */
async function held(): Promise<{ runId: string; id: string }> {
  const { run_id: runId } = await start(deletion());
  const { id } = await pending(runId);
  await pause("/agents/tester");
  expect((await resolve(id, { status: "approved" })).status).toBe(200);
  await vi.waitFor(async () => {
    const reply = await door(runId).inspect();
    expect(reply).toMatchObject({ inspection: { error: expect.stringContaining("paused") } });
  });
  return { runId, id };
}

test("the page of a run that is held says so, by which switch and why, and does not keep it in memory by following it", async () => {
  const { id, runId } = await held();
  const page = await look(`/panel/runs/${runId}`);
  expect(alarms(page)).toEqual([saying("'Tester'", "of its ")]);
  expect(page.texts["dd"]).toContain("running (held, see above)");
  expect(page.elements.some(({ attributes }) => "data-moving" in attributes)).toBe(false);
  const approval = await look(`/panel/approvals/${id}`);
  expect(alarms(approval)).toEqual([saying("'Tester'", "of its ")]);
  expect(approval.elements).toContainEqual({
    tag: "a",
    attributes: { href: "/panel/settings/kill-switch" },
  });
  expect((await ask("POST", "/agents/tester/unpause")).status).toBe(200);
  expect((await settle(runId)).status).toBe("COMPLETED");
  for (const path of [`/panel/runs/${runId}`, `/panel/approvals/${id}`])
    expect(alarms(await look(path))).toEqual([]);
  expect(effects.filter((effect) => effect.runId === runId)).toHaveLength(1);
});

test("whoever is to approve is told that the call will wait, in the list and on the approval's page", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  const paths = ["/panel", `/panel/approvals/${id}`, `/panel/runs/${run.run_id}`];
  for (const path of paths) expect(alarms(await look(path))).toEqual([]);
  await pause("");
  for (const path of paths) expect(alarms(await look(path))).toEqual([saying("Everything", "")]);
  expect((await look("/panel")).texts["p"]).toContain(
    "What is approved keeps its decision, and waits until it is unpaused. Kill switch",
  );
  // What is decided against never starts.
  await resolve(id, { status: "rejected" });
  await settle(run.run_id);
  for (const path of paths.slice(1)) expect(alarms(await look(path))).toEqual([]);
});

test("a switch is told where it holds something: of the agent itself or of a team above it, and of no other", async () => {
  const alone = await start(deletion());
  const args = { user_id: unique("u") };
  const calls = [{ name: "delete_user_data", args }];
  const team = await lead({ calls: [handing("clerk", { calls })] });
  const member = team.requirements[0]?.member_run_id ?? "";
  const approval = team.requirements[0]?.tool_execution.approval_id ?? "";
  await pause("/teams/crew");
  const crew = [saying("'Crew'", "of its ")];
  for (const path of [team.run_id, member].map((id) => `/panel/runs/${id}`))
    expect(alarms(await look(path))).toEqual(crew);
  expect(alarms(await look(`/panel/approvals/${approval}`))).toEqual(crew);
  expect(alarms(await look(`/panel?agent_id=clerk`))).toEqual(crew);
  expect(alarms(await look(`/panel/runs/${alone.run_id}`))).toEqual([]);
  const { id } = await pending(alone.run_id);
  expect(alarms(await look(`/panel/approvals/${id}`))).toEqual([]);
});

test("who paused and why is for admins; who is none is told that calls wait", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  await pause("/agents/tester");
  const key = await signingKey("k");
  const door = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  const token = await key.sign(claimsOf("ann", { scope: "approvals:read agents:read" }));
  for (const path of ["/panel", `/panel/approvals/${id}`, `/panel/runs/${run.run_id}`]) {
    const page = await see(await door("GET", path, { token }));
    expect(alarms(page)).toContain("'Tester' was paused. No gated call of its starts.");
    expect(page.texts["p"]?.join()).not.toContain("wild");
    expect(page.elements.flatMap(({ attributes }) => attributes["href"] ?? [])).not.toContain(
      "/panel/settings/kill-switch",
    );
  }
});

test("a run that is at work while its agent is paused is followed until it is held", async () => {
  await pause("/agents/tester");
  let seen: Seen | undefined;
  faults.afterEffect = async () => {
    healAll();
    seen = await look(`/panel/runs/${effects.at(-1)?.runId}`);
  };
  await start(script({ calls: [{ name: "look_up", args: { user_id: "u-1" } }] }));
  expect(seen?.texts["dd"]).toContain("running (this page follows it)");
  expect(seen && alarms(seen)).toEqual([saying("'Tester'", "of its ")]);
});
