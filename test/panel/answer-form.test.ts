import { expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { crash, get, pending, read, settle, start } from "../client.ts";
import { http } from "../os/http.ts";
import { effects, faults, happening, healAll, script } from "../world.ts";
import { press, see, type Seen, skeleton } from "./page.ts";

const call = (name: string, args: unknown) => start(script({ calls: [{ name, args }] }));
const asked = async (name: string, args: unknown): Promise<ApprovalRecord> =>
  pending((await call(name, args)).run_id);
const pageOf = async (id: string) => see(await http("GET", `/panel/approvals/${id}`));
const effectsOf = (run: string) => effects.filter(({ runId }) => runId === run);
const toldOf = async (run: string) =>
  (await read(run)).messages.filter(({ role }) => role === "tool").map(({ content }) => content);

/** The attributes of the input of this name. */
const inputOf = ({ elements }: Seen, name: string) =>
  elements.find(({ attributes }) => attributes["name"] === name);

const full = {
  "value-name": "Ada Lovelace",
  "value-email": "ada@example.com",
  "value-age": "36",
  "value-ratio": "-0.5",
  "value-active": "false",
  "value-plan": '"pro"',
  "value-level": "2",
  "value-born": "1990-12-10",
  "value-story": "one\r\ntwo",
  "value-tags": '["a", "b"]',
  "value-address": '{"city": "London"}',
  "value-extra": "12",
};

test("a form asks for each field by its type, says what is needed, and shows what stays as it is", async () => {
  const { id } = await asked("set_profile", { user_id: "u-1" });
  const page = await pageOf(id);
  const kinds = Object.keys(full).map((name) => {
    const { attributes, tag } = inputOf(page, name) ?? { tag: "", attributes: {} };
    return [name, tag, attributes["type"] ?? null, "required" in attributes];
  });
  expect(kinds).toEqual([
    ["value-name", "input", "text", true],
    ["value-email", "input", "email", false],
    ["value-age", "input", "number", true],
    // It may be null: then it is left empty.
    ["value-ratio", "input", "number", false],
    ["value-active", "select", null, true],
    ["value-plan", "select", null, false],
    ["value-level", "select", null, false],
    ["value-born", "input", "date", false],
    ["value-story", "textarea", null, false],
    ["value-tags", "textarea", null, false],
    ["value-address", "textarea", null, false],
    ["value-extra", "textarea", null, false],
  ]);
  expect(inputOf(page, "value-age")?.attributes).toMatchObject({
    step: "1",
    min: "18",
    max: "120",
  });
  expect(page.texts["option"]?.slice(0, -4)).toEqual([
    "Choose",
    "Yes",
    "No",
    "Left open",
    "free",
    "pro",
    "Left open",
    "1",
    "2",
  ]);
  expect(page.texts["pre"]).toEqual([JSON.stringify({ user_id: "u-1" }, null, 2)]);
  expect(page.texts["p"]).toEqual(
    expect.arrayContaining(["As it stands in the passport.", "Default, where it is left empty:"]),
  );
  expect(page.texts["button"]?.slice(0, 2)).toEqual(["Approve", "Reject"]);
  const reject = page.elements.find(({ attributes }) => attributes["value"] === "rejected");
  expect(reject?.attributes).toHaveProperty("formnovalidate");
});

test("every input has its label, and what describes it is there", async () => {
  const { id } = await asked("set_profile", { user_id: "u-1", name: "Ada" });
  for (const page of [await pageOf(id), await see(await press(id, { decision: "approved" }))]) {
    const all = (attribute: string) =>
      page.elements.flatMap(({ attributes }) => attributes[attribute] ?? []);
    const ids = all("id");
    expect(new Set(ids).size).toBe(ids.length);
    for (const described of all("aria-describedby"))
      expect(ids).toEqual(expect.arrayContaining(described.split(" ")));
    const inputs = page.elements.filter(({ tag }) => /^(input|select|textarea)$/.test(tag));
    expect(inputs.length).toBeGreaterThan(13);
    for (const { attributes } of inputs)
      if (attributes["name"] !== "resolved_by") expect(all("for")).toContain(attributes["id"]);
    expect(skeleton(page).filter((element) => /\b(style|on\w+)\b/.test(element))).toEqual([]);
  }
});

test("what is filled in is taken as the values that it stands for, and the call runs with them", async () => {
  const { id, run_id } = await asked("set_profile", { user_id: "u-1" });
  const fields = { ...full, decision: "approved", resolved_by: "Ann", note: " as told " };
  expect((await press(id, fields)).status).toBe(303);
  await settle(run_id);
  const values = {
    name: "Ada Lovelace",
    email: "ada@example.com",
    age: 36,
    ratio: -0.5,
    active: false,
    plan: "pro",
    level: 2,
    born: "1990-12-10",
    story: "one\ntwo",
    tags: ["a", "b"],
    address: { city: "London" },
    extra: 12,
  };
  expect(effectsOf(run_id)).toMatchObject([{ args: { user_id: "u-1", ...values } }]);
  expect(await get(`/approvals/${id}`)).toMatchObject({
    resolved_by: "Ann",
    resolution_data: { values, note: "as told" },
    call_outcome: "succeeded",
  });
  // The same press once more is that decision again.
  expect((await press(id, fields)).status).toBe(303);
  expect(effectsOf(run_id)).toHaveLength(1);
});

test("what may be left empty is left out, or null, or its default", async () => {
  const { id, run_id } = await asked("set_profile", { user_id: "u-1", email: "model@example.com" });
  const fields = { "value-name": "Ada", "value-age": "36", "value-active": "true" };
  const empty = Object.fromEntries(Object.keys(full).map((name) => [name, ""]));
  expect((await press(id, { ...empty, ...fields, decision: "approved" })).status).toBe(303);
  await settle(run_id);
  expect(effectsOf(run_id).map(({ args }) => args)).toEqual([
    { user_id: "u-1", name: "Ada", age: 36, ratio: null, active: true, plan: "free" },
  ]);
});

test.each([
  ["value-name", "", "This is needed."],
  ["value-name", "A", "Too small"],
  ["value-email", "ada", "Invalid email"],
  ["value-age", "ten", "This is no number"],
  ["value-age", "36.5", "This is no whole number."],
  ["value-age", "12", "Too small"],
  ["value-age", "0x24", "This is no number"],
  ["value-ratio", "1e999", "This is no number"],
  ["value-ratio", "9007199254740993", "too large to be held exactly"],
  ["value-active", "yes", "none of the choices"],
  ["value-active", "", "This is needed."],
  ["value-plan", "gold", "none of the choices"],
  ["value-tags", "a, b", "not valid JSON"],
  ["value-tags", "[1]", "0: Invalid input"],
  ["value-tags", '["\\ud800"]', "lone surrogate"],
  ["value-address", '{"city": "a", "city": "b"}', "stands twice"],
  ["value-address", '{"city": "a", "street": "b"}', "Unrecognized key"],
  ["value-story", "x".repeat(2001), "Too big"],
])("%s of %j is shown again, with the reason, and nothing is decided", async (name, typed, why) => {
  const { id, run_id } = await asked("set_profile", { user_id: "u-1" });
  const answer = await press(id, {
    ...full,
    [name]: typed,
    decision: "approved",
    resolved_by: "Ann",
    note: "<b>a\nnote",
  });
  expect(answer.status).toBe(422);
  const page = await see(answer);
  expect(inputOf(page, name)?.attributes).toMatchObject({ "aria-invalid": "true" });
  expect(page.texts["p"]?.filter((text) => text.includes(why))).toHaveLength(1);
  const invalid = page.elements.filter((element) => "aria-invalid" in element.attributes);
  expect(invalid).toHaveLength(1);
  // Everything that was typed is there again.
  const shown = [
    ...page.elements.map((element) => element.attributes["value"]),
    ...(page.texts["textarea"] ?? []),
  ];
  const expected = { ...full, [name]: typed };
  for (const [field, text] of Object.entries(expected)) {
    const isUnknownChoice = field === name && /choices/.test(why);
    if (!isUnknownChoice) expect(shown).toContain(text.replaceAll("\r\n", "\n"));
  }
  expect(shown).toEqual(expect.arrayContaining(["Ann", "<b>a\nnote"]));
  const chosen = page.elements.filter((element) => "selected" in element.attributes);
  expect(chosen.length).toBe(/value-(active|plan)/.test(name) ? 2 : 3);
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
  expect(effectsOf(run_id)).toEqual([]);
  // What was shown again can be put right and sent.
  expect((await press(id, { ...full, decision: "approved" })).status).toBe(303);
});

test("what the model suggests is shown as that, and is not what stands in the form", async () => {
  const { id } = await asked("pay_out", { amount: 5, account: "DE\u202E<b>1" });
  const page = await pageOf(id);
  expect(page.texts["p"]).toEqual(
    expect.arrayContaining(["The agent suggests:", String.raw`DE\u{202E}<b>1`]),
  );
  expect(inputOf(page, "value-account")?.attributes["value"]).toBe("");
  expect(page.texts["pre"]).toEqual([JSON.stringify({ amount: 5 }, null, 2)]);
  expect((await press(id, { decision: "approved" })).status).toBe(422);
});

test("what the tool's default says is told from what the agent suggests, also where both say the same", async () => {
  const fieldOf = async (args: object) => {
    const one = await asked("set_profile", { user_id: "u-1", ...args });
    const fields = one.requirements[0]?.tool_execution.user_input_schema ?? [];
    const page = (await pageOf(one.id)).texts["p"] ?? [];
    const said = page.filter((text) => /suggests|default/i.test(text) || text.includes("free"));
    return {
      one,
      said,
      marked: fields.filter((field) => field.is_default).map((field) => field.name),
    };
  };
  const left = await fieldOf({});
  expect(left.marked).toEqual(["plan"]);
  expect(left.said).toEqual(["Default, where it is left empty:", "free"]);
  const given = await fieldOf({ plan: "free" });
  expect(given.marked).toEqual([]);
  expect(given.said).toEqual(['Left empty, it is "free".', "The agent suggests:", "free"]);
  // What a person has filled in is nobody's default, whatever it is.
  const { id, run_id } = left.one;
  expect((await press(id, { ...full, "value-plan": '"free"', decision: "approved" })).status).toBe(
    303,
  );
  await settle(run_id);
  const after = await get<ApprovalRecord>(`/approvals/${id}`);
  const plan = after.requirements[0]?.tool_execution.user_input_schema?.find(
    ({ name }) => name === "plan",
  );
  expect(plan).toMatchObject({ value: "free" });
  expect(plan).not.toHaveProperty("is_default");
});

test.each([
  `"><script>alert(1)</script>`,
  `</textarea></form><form action="https://evil.com"><button name="decision" value="approved">`,
  `' onfocus='alert(1)' autofocus='`,
  `</option></select><img src=x onerror=alert(1)>`,
])("neither a suggestion nor what was typed becomes a part of the page: %s", async (text) => {
  const pagesWith = async (given: string) => {
    const args = { user_id: given, name: given, story: given, tags: [given], extra: given };
    const { id } = await asked("set_profile", args);
    const fields = Object.fromEntries(Object.keys(full).map((name) => [name, given]));
    const typed = { ...fields, decision: "approved", note: given, resolved_by: given };
    return [await pageOf(id), await see(await press(id, typed))] as const;
  };
  const [plain, hostile] = [await pagesWith("some text"), await pagesWith(text)];
  expect(hostile.map(skeleton)).toEqual(plain.map(skeleton));
  expect(hostile[0].texts["p"]).toContain(text);
  expect(inputOf(hostile[1], "value-name")?.attributes["value"]).toBe(text);
  expect(hostile[1].texts["textarea"]).toEqual([text, text, text, text, text]);
});

test("no name or value reaches what the person was not asked for", async () => {
  const { id, run_id } = await asked("pay_out", { amount: 5 });
  const fields = { "value-account": "DE1", "value-amount": "900", amount: "900", values: "x" };
  expect((await press(id, { ...fields, decision: "approved" })).status).toBe(303);
  await settle(run_id);
  expect(effectsOf(run_id).map(({ args }) => args)).toEqual([{ amount: 5, account: "DE1" }]);
});

test.each(["pay_out", "set_profile", "call_bank"])(
  "%s can be rejected with a note and nothing filled in",
  async (name) => {
    const args = {
      pay_out: { amount: 5 },
      set_profile: { user_id: "u" },
      call_bank: { question: "?" },
    };
    const { id, run_id } = await asked(name, args[name as keyof typeof args]);
    const fields = { decision: "rejected", note: "not now", "value-age": "ten" };
    expect((await press(id, fields)).status).toBe(303);
    await settle(run_id);
    expect(await toldOf(run_id)).toEqual(["Function call was rejected by the user: not now"]);
    expect(effectsOf(run_id)).toEqual([]);
  },
);

test.each([
  ["The limit is 500.", "The limit is 500.", "The limit is 500."],
  ['{"limit": 500}', { limit: 500 }, '{"limit":500}'],
  [" [1, 2]", [1, 2], "[1,2]"],
  ["[see below] 500", "[see below] 500", "[see below] 500"],
  ["500", "500", "500"],
  ["one\r\ntwo", "one\ntwo", "one\ntwo"],
])("the result %j of an external execution is handed in", async (text, result, told) => {
  const { id, run_id } = await asked("call_bank", { question: "What is the limit?" });
  const page = await pageOf(id);
  expect(inputOf(page, "result")).toMatchObject({ tag: "textarea" });
  expect(inputOf(page, "result")?.attributes).toHaveProperty("required");
  const nothing = await see(await press(id, { decision: "approved", result: " \r\n ", note: "n" }));
  expect(nothing.texts["p"]).toContain("Say what came of it.");
  expect((await press(id, { decision: "approved", result: text })).status).toBe(303);
  await settle(run_id);
  expect(await toldOf(run_id)).toEqual([told]);
  expect(await get(`/approvals/${id}`)).toMatchObject({ resolution_data: { result } });
});

test("a result that is too large is shown again whole, with the reason", async () => {
  const { id } = await asked("call_bank", { question: "?" });
  const result = `start ${"x".repeat(70_000)} end`;
  const answer = await press(id, { decision: "approved", result });
  expect(answer.status).toBe(422);
  const page = await see(answer);
  expect(page.texts["textarea"]).toContain(result);
  expect(page.texts["p"]).toContain("resolution_data is larger than 64 KiB.");
});

async function interrupted(): Promise<ApprovalRecord> {
  const run = await call("delete_user_data", { user_id: "u-1" });
  const { id } = await pending(run.run_id);
  const work = happening();
  faults.afterEffect = () => {
    work.happens();
    return new Promise(() => undefined);
  };
  expect((await press(id, { decision: "approved" })).status).toBe(303);
  await work.happened();
  await crash(run.run_id);
  healAll();
  await settle(run.run_id);
  return pending(run.run_id);
}

test("an unknown outcome is settled with the result that a person gives, and not without one", async () => {
  const { id, run_id } = await interrupted();
  const page = await pageOf(id);
  expect(page.texts["button"]?.slice(0, 3)).toEqual(["Run it again", "It took effect", "Leave it"]);
  expect(inputOf(page, "result")?.attributes).not.toHaveProperty("required");
  const nothing = await press(id, { decision: "done", note: "looked it up" });
  expect(nothing.status).toBe(422);
  const again = await see(nothing);
  expect(inputOf(again, "result")?.attributes["aria-invalid"]).toBe("true");
  expect(again.texts["textarea"]).toContain("looked it up");
  expect((await press(id, { decision: "done", result: '{"deleted": 3}' })).status).toBe(303);
  await settle(run_id);
  expect(await toldOf(run_id)).toEqual(['{"deleted":3}']);
  expect(effectsOf(run_id)).toHaveLength(1);
});

test.each([
  ["retry", 2, /^All data/],
  ["rejected", 1, /^The outcome of this call is unknown/],
])("an unknown outcome is %s without a result", async (decision, times, told) => {
  const { id, run_id } = await interrupted();
  expect((await press(id, { decision, result: "" })).status).toBe(303);
  await settle(run_id);
  expect(await toldOf(run_id)).toEqual([expect.stringMatching(told)]);
  expect(effectsOf(run_id)).toHaveLength(times);
});

test("an approval that was decided meanwhile is told as decided, whatever the form holds", async () => {
  const { id } = await asked("set_profile", { user_id: "u-1" });
  await press(id, { decision: "rejected", resolved_by: "Ann" });
  for (const fields of [{ decision: "approved" }, { ...full, decision: "approved" }]) {
    const late = await press(id, fields);
    expect(late.status).toBe(409);
    expect((await see(late)).texts["p"]).toContain(
      "Approval is already 'rejected' and cannot be resolved",
    );
  }
});
