import { expect, test } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { approve, pending, read, settle, start } from "../client.ts";
import { http, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { effects, script } from "../world.ts";
import { see, type Seen } from "./page.ts";

const own = { origin: "http://localhost" };
const asked = (name: string, args: object) => start(script({ calls: [{ name, args }] }));
const rename = () => ({ user_id: unique("u"), name: "Ada" });
const pageOf = async (runId: string) => see(await http("GET", `/panel/runs/${runId}`));
const press = async (
  { requirements, run_id }: RunView,
  fields: Record<string, string>,
  headers: Record<string, string> = own,
) => {
  const body = new URLSearchParams({ requirement: requirements[0]?.id ?? "", ...fields });
  return http("POST", `/panel/runs/${run_id}`, { body, headers });
};
const formsOn = ({ elements }: Seen) =>
  elements.filter(({ attributes }) => attributes["name"] === "requirement");
const effectsOf = (id: string) => effects.filter(({ runId }) => runId === id);
const toldOf = async (id: string) =>
  (await read(id)).messages.filter(({ role }) => role === "tool").map(({ content }) => content);

test("a call that the run's own user confirms is confirmed on the run's page, and runs once however often that is pressed", async () => {
  const run = await asked("rename", rename());
  const page = await pageOf(run.run_id);
  expect(formsOn(page)).toHaveLength(1);
  expect(page.texts["button"]).toEqual(expect.arrayContaining(["Confirm", "Reject"]));
  expect(page.elements.some(({ attributes }) => "autofocus" in attributes)).toBe(false);
  const answer = await press(run, { answer: "yes" });
  expect([answer.status, answer.headers.get("location")]).toEqual([
    303,
    `/panel/runs/${run.run_id}`,
  ]);
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  const late = await press(run, { answer: "yes" });
  expect(late.status).toBe(409);
  expect((await see(late)).texts["p"]).toContain(
    "The call does not wait for an answer. Nothing was answered.",
  );
  expect(effectsOf(run.run_id)).toHaveLength(1);
});

test("who is to answer sees the arguments whole, with what is unseen in them spelled out", async () => {
  const name = `${"long ".repeat(6_000)}\u202Eend`;
  const args = { name, user_id: "u-1" };
  const { texts } = await pageOf((await asked("rename", args)).run_id);
  const shown = JSON.stringify(args, null, 2).replace("\u202E", String.raw`\u{202E}`);
  expect(texts["pre"]).toContain(shown);
});

test("a no with a note reaches the model, of every kind of pause", async () => {
  for (const [name, args] of [
    ["rename", rename()],
    ["ask_lab", { sample: "s-1" }],
    ["ask_profile", { user_id: "u-1" }],
  ] as const) {
    const run = await asked(name, args);
    expect((await press(run, { answer: "no", note: " Not <b>now</b>. " })).status).toBe(303);
    await settle(run.run_id);
    expect(await toldOf(run.run_id)).toEqual([
      "Function call was rejected by the user: Not <b>now</b>.",
    ]);
    expect(effectsOf(run.run_id)).toEqual([]);
  }
});

test("a result from elsewhere is handed in, and one that is missing is asked for where it belongs", async () => {
  const run = await asked("ask_lab", { sample: "s-1" });
  const refused = await press(run, { answer: "yes", result: " ", note: "kept" });
  expect(refused.status).toBe(422);
  const page = await see(refused);
  expect(page.texts["p"]).toContain("Say what came of it.");
  expect(page.texts["textarea"]).toContain("kept");
  expect((await press(run, { answer: "yes", result: '{"ph": 7}' })).status).toBe(303);
  await settle(run.run_id);
  expect(await toldOf(run.run_id)).toEqual(['{"ph":7}']);
});

const filled = {
  "value-name": "Ada",
  "value-age": "36",
  "value-active": "true",
  "value-story": "one\r\ntwo",
  "value-level": "2",
};

test("fields are filled in by their types; what is left empty is left out, null or its default", async () => {
  const run = await asked("ask_profile", { user_id: "u-1", email: "model@example.com" });
  expect((await press(run, { ...filled, answer: "yes" })).status).toBe(303);
  await settle(run.run_id);
  const values = { name: "Ada", age: 36, active: true, story: "one\ntwo", level: 2 };
  expect(effectsOf(run.run_id).map(({ args }) => args)).toEqual([
    { user_id: "u-1", ...values, ratio: null, plan: "free" },
  ]);
});

test.each([
  ["value-age", "ten", "This is no number"],
  ["value-age", "12", "Too small"],
  ["value-name", "A", "Too small"],
  ["value-tags", "[", "This is not"],
])(
  "what does not fit (%s: %s) is told at its field, and nothing typed is lost",
  async (name, text, reason) => {
    const run = await asked("ask_profile", { user_id: "u-1" });
    const answer = await press(run, { ...filled, note: "kept", [name]: text, answer: "yes" });
    expect(answer.status).toBe(422);
    const page = await see(answer);
    const input = page.elements.find(({ attributes }) => attributes["name"] === name)?.attributes;
    expect(input).toMatchObject({ "aria-invalid": "true" });
    const ids = input?.["aria-describedby"]?.split(" ") ?? [];
    const told = page.elements.filter(({ attributes }) => ids.includes(attributes["id"] ?? ""));
    expect(told).toHaveLength(ids.length);
    expect(page.texts["p"]?.some((one) => one.startsWith(reason))).toBe(true);
    expect(page.texts["textarea"]).toEqual(expect.arrayContaining(["one\ntwo", "kept"]));
    expect(await read(run.run_id)).toMatchObject({ status: "PAUSED" });
    expect((await press(run, { ...filled, answer: "yes" })).status).toBe(303);
  },
);

test("an answer that says neither yes nor no, or too much, answers nothing", async () => {
  const run = await asked("ask_lab", { sample: "s-1" });
  const answers: Record<string, string>[] = [
    {},
    { answer: "maybe" },
    { answer: "no", note: "x".repeat(5_000) },
    { answer: "yes", result: "x".repeat(300_000) },
  ];
  for (const fields of answers) expect((await press(run, fields)).status).toBe(422);
  expect(await read(run.run_id)).toMatchObject({ status: "PAUSED" });
});

test("a call that an approval decides on is not answered here, nor is any other before that is decided", async () => {
  const calls = [
    { name: "delete_user_data", args: { user_id: unique("u") } },
    { name: "rename", args: rename() },
  ];
  const run = await start(script({ calls }));
  const page = await pageOf(run.run_id);
  expect(formsOn(page)).toEqual([]);
  expect(page.texts["li"]?.join()).toContain("answers this, once the approvals are decided.");
  expect((await press(run, { answer: "yes" })).status).toBe(403);
  const [, second] = run.requirements;
  const early = await press(run, { requirement: second?.id ?? "", answer: "yes" });
  expect(early.status).toBe(403);
  expect(effectsOf(run.run_id)).toEqual([]);
  await approve((await pending(run.run_id)).id);
  const after = await read(run.run_id);
  expect(formsOn(await pageOf(run.run_id))).toHaveLength(1);
  expect((await press(after, { answer: "yes" })).status).toBe(303);
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effectsOf(run.run_id).map(({ tool }) => tool)).toEqual(["delete_user_data", "rename"]);
});

test("what a member waits for is answered on its team's page and on its own", async () => {
  const calls = [{ name: "rename", args: rename() }];
  for (const of of ["team", "member"]) {
    const run = await lead({ calls: [handing("clerk", { calls })] });
    const member = run.requirements[0]?.member_run_id ?? "";
    const at = of === "team" ? run.run_id : member;
    expect(formsOn(await pageOf(at))).toHaveLength(1);
    expect((await press({ ...run, run_id: at }, { answer: "yes" })).status).toBe(303);
    expect((await settledTeam(run.run_id)).status).toBe("COMPLETED");
    expect(effectsOf(member)).toHaveLength(1);
  }
});

test("only who may run the agent answers, and only from a page of this origin", async () => {
  const key = await signingKey("k");
  const door = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  const run = await asked("rename", rename());
  const path = `/panel/runs/${run.run_id}`;
  const fields = { requirement: run.requirements[0]?.id ?? "", answer: "yes" };
  const body = new URLSearchParams(fields).toString();
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const headers = { origin: audience };
  const at = async (scope: string, from: Record<string, string> = headers) => {
    const token = await key.sign(claimsOf("ann", { scope }));
    return (await door("POST", path, { token, body, headers: { ...type, ...from } })).status;
  };
  expect(await at("agents:read")).toBe(403);
  expect(await at("agents:run")).toBe(403);
  expect(await at("agents:short:run agents:short:read")).toBe(404);
  expect(await at("agents:tester:read agents:short:run")).toBe(403);
  for (const origin of ["https://evil.com", "null"])
    expect(await at("agents:read agents:run", { origin })).toBe(403);
  expect(await at("agents:read agents:run", {})).toBe(403);
  const token = await key.sign(claimsOf("ann", { scope: "agents:read" }));
  const seen = await see(await door("GET", path, { token }));
  expect(formsOn(seen)).toEqual([]);
  expect(effectsOf(run.run_id)).toEqual([]);
  expect(await at("agents:tester:read agents:tester:run")).toBe(303);
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
});
