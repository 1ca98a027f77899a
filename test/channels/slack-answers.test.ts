import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { get, pending, read, settle, start } from "../client.ts";
import { chat, effects, happening, script } from "../world.ts";
import { turnOn } from "./channels.ts";
import { type Block, readIn, refused, resetSlack, slackServer } from "./fake-slack.ts";
import {
  buttonOf,
  buttonsOf,
  by,
  codeFor,
  filled,
  linkAccount,
  messageAbout,
  person,
  press,
  sendAndLeave,
  sendFromSlack,
} from "./slack-user.ts";

const asked = async (name: string, args: object) => {
  const { run_id } = await start(script({ calls: [{ name, args }] }));
  const approval = await pending(run_id);
  await vi.waitFor(() => expect(messageAbout(approval.id)).toBeDefined());
  return approval;
};
const deletion = async () => asked("delete_user_data", { user_id: "u-1" });
const statusOf = async ({ id }: ApprovalRecord) =>
  (await get<ApprovalRecord>(`/approvals/${id}`)).status;
const ranIn = ({ run_id }: ApprovalRecord) => effects.filter(({ runId }) => runId === run_id);
const alone = () => slackServer.alone.map(({ blocks }) => readIn(blocks));
/** What a form that was sent is answered with. */
interface Said {
  response_action?: string;
  errors?: Record<string, string>;
  view?: { blocks: Block[] };
}
const send = async (form: unknown): Promise<Said | null> => {
  const text = await (await sendFromSlack(form)).text();
  return text === "" ? null : (JSON.parse(text) as Said);
};
const wordIn = (said: Said | null) => [said?.response_action, readIn(said?.view?.blocks ?? [])];

beforeEach(() => {
  resetSlack();
  turnOn("slack");
});
afterEach(() => turnOn());

describe("a linked member", () => {
  beforeEach(async () => linkAccount("U0ANN", person("ann")));

  test("approves with one click, and the message says who it was and what came of it", async () => {
    const approval = await deletion();
    const answer = await sendFromSlack(press("U0ANN", buttonOf(approval.id, "approve")));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    await vi.waitFor(() =>
      expect(readIn(messageAbout(approval.id)?.blocks ?? [])).toContain("The call: succeeded"),
    );
    const message = messageAbout(approval.id);
    expect(readIn(message?.blocks ?? [])).toContain("Approved by: ann@example.com");
    expect(message && buttonsOf(message).map(({ action_id }) => action_id)).toEqual(["open"]);
    expect((await read(approval.run_id)).status).toBe("COMPLETED");
    expect(alone()).toEqual([]);
  });

  test("is answered in time while Slack hangs, is decided nothing for, and is told so once it can be", async () => {
    const approval = await deletion();
    const button = buttonOf(approval.id, "approve");
    const heals = happening();
    slackServer.answer = (method) =>
      method === "users.info" ? heals.happened().then(() => refused("fatal_error")) : undefined;
    const startedMs = performance.now();
    const { answer, done } = await sendAndLeave(press("U0ANN", button));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(performance.now() - startedMs).toBeLessThan(2_900);
    heals.happens();
    await done();
    expect(alone()).toEqual([
      "Slack could not be asked who you are. Nothing was decided: try again.",
    ]);
    expect(await statusOf(approval)).toBe("pending");
  });

  test("who sends a form while Slack is slow is answered in time, and the form's place says what came of it", async () => {
    const approval = await deletion();
    await sendFromSlack(press("U0ANN", buttonOf(approval.id, "reject")));
    const form = filled("U0ANN", { Note: "Not now." });
    const heals = happening();
    slackServer.answer = (method) =>
      method === "users.info"
        ? heals
            .happened()
            .then(() => Response.json({ ok: true, user: { id: "U0ANN", team_id: "T0TEAM" } }))
        : undefined;
    const startedMs = performance.now();
    const { answer, done } = await sendAndLeave(form);
    expect(performance.now() - startedMs).toBeLessThan(2_900);
    expect(await answer.json()).toMatchObject({ response_action: "push" });
    heals.happens();
    await done();
    expect(readIn((slackServer.opened.at(-1) as { blocks: Block[] }).blocks)).toBe("It is done.");
    expect(await statusOf(approval)).toBe("rejected");
  });

  test("who clicks twice, or whose click Slack tells of again, has decided once", async () => {
    const approval = await deletion();
    const yes = press("U0ANN", buttonOf(approval.id, "approve"));
    const answers = await Promise.all([
      sendFromSlack(yes),
      sendFromSlack(yes),
      sendFromSlack(yes, { headers: { "x-slack-retry-num": "1" } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await settle(approval.run_id);
    await sendFromSlack(yes);
    expect(ranIn(approval)).toHaveLength(1);
    expect(alone()).toEqual([]);
  });

  test("who comes second is told privately that it is decided, and the message stays as it is", async () => {
    await linkAccount("U0BO", person("bo"));
    const approval = await deletion();
    const [yes, no] = [buttonOf(approval.id, "approve"), buttonOf(approval.id, "reject")];
    await sendFromSlack(press("U0ANN", yes));
    await settle(approval.run_id);
    await vi.waitFor(() =>
      expect(readIn(messageAbout(approval.id)?.blocks ?? [])).toContain("The call: succeeded"),
    );
    const before = JSON.stringify(slackServer.posted);
    await sendFromSlack(press("U0BO", yes));
    await sendFromSlack(press("U0BO", no));
    expect(alone()).toEqual([
      expect.stringContaining("already 'approved'"),
      "Approval is already 'approved' and cannot be resolved",
    ]);
    expect(JSON.stringify(slackServer.posted)).toBe(before);
  });

  test("rejects with a reason and a note, and the model is told both", async () => {
    const approval = await asked("pay_by_finance", { amount: 5 });
    await linkAccount("U0FIN", person("fin", { groups: ["finance"] }));
    await sendFromSlack(press("U0FIN", buttonOf(approval.id, "reject")));
    expect(slackServer.opened.at(-1)).toMatchObject({ title: { text: "Reject" } });
    const form = filled("U0FIN", { Reason: "too much", Note: "Ask <Mia> & me." });
    expect(await send(form)).toBeNull();
    const run = await settle(approval.run_id);
    expect(JSON.stringify(run.messages)).toContain(
      "Function call was rejected by the user: too much: Ask <Mia> & me.",
    );
    expect(JSON.stringify(chat.requests.at(-1)?.body)).toContain("too much: Ask <Mia> & me.");
  });

  test("fills in what is asked for by type; what does not fit is said at its input", async () => {
    const approval = await asked("set_profile", { user_id: "u-1", name: "Ada & Co" });
    await sendFromSlack(press("U0ANN", buttonOf(approval.id, "answer")));
    const view = slackServer.opened.at(-1) as { blocks: Record<string, unknown>[] };
    const kinds = view.blocks
      .filter(({ type }) => type === "input")
      .map(({ element, label, optional }) => [
        (label as { text: string }).text,
        (element as { type: string }).type,
        optional,
      ]);
    expect(kinds).toEqual([
      ["name", "plain_text_input", false],
      ["email", "email_text_input", true],
      ["age", "number_input", false],
      ["ratio", "number_input", true],
      ["active", "static_select", false],
      ["plan", "static_select", true],
      ["level", "static_select", true],
      ["born", "datepicker", true],
      ["story", "plain_text_input", true],
      ["tags", "plain_text_input", true],
      ["address", "plain_text_input", true],
      ["extra", "plain_text_input", true],
    ]);
    expect(JSON.stringify(view)).toContain("The agent suggests: Ada &amp; Co");
    const typed = { name: "A", age: "17", active: "Yes", tags: "[", born: "2000-02-29" };
    const first = await send(filled("U0ANN", typed));
    expect(first).toMatchObject({
      response_action: "errors",
      errors: { "input-9": expect.stringContaining("JSON") as string },
    });
    const second = await send(filled("U0ANN", { ...typed, tags: '["a"]' }));
    expect(second?.response_action).toBe("errors");
    expect(Object.keys(second?.errors ?? {}).sort()).toEqual(["input-0", "input-2"]);
    expect(await statusOf(approval)).toBe("pending");
    const good = { ...typed, name: "Ada", age: "36", tags: '["a"]', plan: "pro", level: "2" };
    expect(await send(filled("U0ANN", good))).toBeNull();
    await settle(approval.run_id);
    expect(ranIn(approval).map(({ args }) => args)).toEqual([
      {
        user_id: "u-1",
        name: "Ada",
        age: 36,
        ratio: null,
        active: true,
        plan: "pro",
        level: 2,
        born: "2000-02-29",
        tags: ["a"],
      },
    ]);
  });

  test("changes what a policy lets them change, and what is left as it is stays so", async () => {
    const changed = await asked("pay_edited", { amount: 9, to: "Ada" });
    await sendFromSlack(press("U0ANN", buttonOf(changed.id, "answer")));
    const bad = await send(filled("U0ANN", { amount: "nine" }));
    expect(bad?.response_action).toBe("errors");
    expect(await send(filled("U0ANN", { amount: "7" }))).toBeNull();
    await settle(changed.run_id);
    await vi.waitFor(() =>
      expect(readIn(messageAbout(changed.id)?.blocks ?? [])).toMatch(
        /Arguments, as they were approved:\n{\n {2}"amount": 7/,
      ),
    );
    expect(ranIn(changed)[0]?.args).toMatchObject({ amount: 7, to: "Ada" });
    const left = await asked("pay_edited", { amount: 9 });
    await sendFromSlack(press("U0ANN", buttonOf(left.id, "answer")));
    expect(await send(filled("U0ANN", { amount: "9\n" }))).toBeNull();
    expect((await get<ApprovalRecord>(`/approvals/${left.id}`)).resolution_data).toBeNull();
  });

  test("hands in the result of what a person does", async () => {
    const approval = await asked("call_bank", { question: "How much?" });
    await sendFromSlack(press("U0ANN", buttonOf(approval.id, "answer")));
    expect((await send(filled("U0ANN", { Result: " " })))?.errors).toEqual({
      "input-0": "Say what came of it.",
    });
    expect(await send(filled("U0ANN", { Result: "Twelve." }))).toBeNull();
    const run = await settle(approval.run_id);
    expect(run.tools[0]?.result).toBe("Twelve.");
  });

  test("is refused what needs a sign-in by the server, whatever was pressed, and nothing typed is lost", async () => {
    const approval = await asked("pay_on_panel", { amount: 1 });
    const value = `${approval.id} ${approval.args_hash}`;
    await sendFromSlack(press("U0ANN", { action_id: "approve", value }));
    const why = "This approval needs to be decided where it is surer who decides: panel, at least.";
    expect(alone()).toEqual([why]);
    await sendFromSlack(press("U0ANN", { action_id: "reject", value }));
    expect(wordIn(await send(filled("U0ANN", { Note: "No." })))).toEqual(["push", why]);
    expect(await statusOf(approval)).toBe("pending");
    expect(ranIn(approval)).toEqual([]);
  });

  test("decides on nothing but what they were shown", async () => {
    const approval = await deletion();
    for (const action_id of ["approve", "reject"])
      await sendFromSlack(press("U0ANN", { action_id, value: `${approval.id} ${"0".repeat(64)}` }));
    for (const value of ["", "apr_1", `${approval.id} ${approval.args_hash} `, "../x y"])
      await sendFromSlack(press("U0ANN", { action_id: "approve", value }));
    const anew = "What you were shown is not what is asked. Look at it anew.";
    const nothing = "This button is of no approval.";
    expect(alone()).toEqual([anew, anew, nothing, nothing, nothing, nothing]);
    expect(slackServer.opened).toHaveLength(1);
    expect(await statusOf(approval)).toBe("pending");
  });

  test("has a word said in the channel, for them alone, where the address that came for it leads elsewhere", async () => {
    const approval = await deletion();
    const value = `${approval.id} ${"0".repeat(64)}`;
    for (const response_url of [
      "http://hooks.slack.com/actions/1",
      "https://hooks.slack.com.evil.example/1",
      "https://hooks.slack.com@evil.example/1",
      "https://169.254.169.254/latest",
      "file:///etc/passwd",
    ])
      await sendFromSlack(press("U0ANN", { action_id: "approve", value }, { response_url }));
    expect(new Set(slackServer.alone.map(({ url }) => url))).toEqual(
      new Set(["chat.postEphemeral"]),
    );
    expect(slackServer.alone).toHaveLength(5);
    expect(slackServer.asked.at(-1)?.params).toMatchObject({ user: "U0ANN" });
  });
});

test.each([
  ["of another workspace", { team: { id: "T0OTHER" } }, "another workspace only"],
  ["without a workspace", { team: null }, "another workspace only"],
  [
    "of another workspace in a shared channel",
    { user: { id: "U0ANN", name: "ann", team_id: "T0OTHER" } },
    "You are of another workspace",
  ],
  ["of no workspace", { user: { id: "U0ANN", name: "ann" } }, "You are of another workspace"],
])("somebody %s is refused privately, with the reason", async (_, more, reason) => {
  await linkAccount("U0ANN", person("ann"));
  const approval = await deletion();
  const before = JSON.stringify(slackServer.posted);
  for (const action of ["approve", "reject"])
    await sendFromSlack(press("U0ANN", buttonOf(approval.id, action), more));
  expect(alone()).toEqual([expect.stringContaining(reason), expect.stringContaining(reason)]);
  expect(await statusOf(approval)).toBe("pending");
  expect(JSON.stringify(slackServer.posted)).toBe(before);
});

test.each([
  ["a guest", { is_restricted: true }, "You are a guest"],
  ["a guest of one channel", { is_ultra_restricted: true }, "You are a guest"],
  ["a stranger", { is_stranger: true }, "You are of another workspace"],
  ["who is of another workspace, as Slack says", { team_id: "T0OTHER" }, "another workspace"],
  ["a bot", { is_bot: true }, "A bot decides nothing."],
  ["who has left", { deleted: true }, "This account has been deactivated."],
])("%s is refused privately, with the reason, linked or not", async (_, profile, reason) => {
  await linkAccount("U0ANN", person("ann"));
  const approval = await deletion();
  slackServer.profiles.set("U0ANN", profile);
  await sendFromSlack(press("U0ANN", buttonOf(approval.id, "approve")));
  await sendFromSlack({ type: "shortcut", ...by("U0ANN"), callback_id: "link_account" });
  expect(alone()).toEqual([expect.stringContaining(reason)]);
  const { blocks } = slackServer.opened.at(-1) as { blocks: Block[] };
  expect(readIn(blocks)).toContain(reason);
  expect(await statusOf(approval)).toBe("pending");
});

test("an account of one organization is none of another, nor of a workspace by itself", async () => {
  turnOn("slack-grid");
  const path = "/slack-grid/interactions";
  const approval = await deletion();
  const grid = { team: { id: "T0TEAM", enterprise_id: "E0GRID" }, enterprise: { id: "E0GRID" } };
  const yes = press("U0GRID", buttonOf(approval.id, "approve"));
  await linkAccount("U0GRID", person("grid"));
  for (const enterprise of [null, { id: "E0OTHER" }])
    await sendFromSlack({ ...yes, ...grid, enterprise }, { path });
  await sendFromSlack({ ...yes, ...grid }, { path });
  expect(alone()).toEqual([
    "This is answered in another organization only.",
    "This is answered in another organization only.",
    expect.stringContaining("linked to nobody") as string,
  ]);
  expect(await statusOf(approval)).toBe("pending");
});

test.each([
  ["Slack says nothing", () => refused("ratelimited")],
  ["Slack cannot be reached", async () => Promise.reject(new TypeError("no"))],
  ["Slack speaks of somebody else", () => Response.json({ ok: true, user: { id: "U0BO" } })],
  ["Slack says something else", () => Response.json({ ok: true })],
])("where %s, nothing is decided, and they are to try again", async (_, answer) => {
  await linkAccount("U0ANN", person("ann"));
  const approval = await deletion();
  slackServer.answer = (method) => (method === "users.info" ? answer() : undefined);
  await sendFromSlack(press("U0ANN", buttonOf(approval.id, "approve")));
  expect(alone()).toEqual([expect.stringContaining("try again")]);
  expect(await statusOf(approval)).toBe("pending");
});

test("who is linked to nobody is told so privately, links the account with a code of the panel's, and decides", async () => {
  const approval = await deletion();
  const yes = press("U0NEW", buttonOf(approval.id, "approve"));
  await sendFromSlack(yes);
  const [said] = slackServer.alone;
  expect(readIn(said?.blocks ?? [])).toContain("This account is linked to nobody here yet.");
  const [link] = buttonsOf({ blocks: said?.blocks ?? [] });
  expect(link?.text.text).toBe("Link my account");
  await sendFromSlack(press("U0NEW", { ...link }));
  expect((await send(filled("U0NEW", { Code: "not-a-code" })))?.errors).toEqual({
    code: expect.stringContaining("This code is not good") as string,
  });
  const code = await codeFor(person("new"));
  const linked = await send(filled("U0NEW", { Code: ` ${code.toUpperCase()} ` }));
  expect(wordIn(linked)[1]).toBe(
    "Your account is linked: here you are new@example.com from now on.",
  );
  expect((await send(filled("U0NEW", { Code: code })))?.response_action).toBe("errors");
  await sendFromSlack(yes);
  await settle(approval.run_id);
  expect(await get(`/approvals/${approval.id}`)).toMatchObject({
    status: "approved",
    resolved_by: "new@example.com",
  });
});

test("who may not decide is told why, privately: for want of a scope, or because others are asked", async () => {
  await linkAccount("U0READ", person("reader", { scopes: new Set(["approvals:read"]) }));
  await linkAccount("U0ANN", person("ann"));
  const finance = await asked("pay_by_finance", { amount: 5 });
  await sendFromSlack(press("U0READ", buttonOf(finance.id, "approve")));
  await sendFromSlack(press("U0ANN", buttonOf(finance.id, "approve")));
  expect(alone()).toEqual([
    "Insufficient permissions. Required scope(s): approvals:write",
    "This approval is for group:finance, boss@example.com, scope:payments.",
  ]);
  expect(await statusOf(finance)).toBe("pending");
});

test("several people decide by clicks, each once", async () => {
  await linkAccount("U0ANN", person("ann"));
  await linkAccount("U0BO", person("bo"));
  const approval = await asked("pay_by_two", { amount: 5 });
  for (let n = 0; n < 2; n++) await sendFromSlack(press("U0ANN", buttonOf(approval.id, "approve")));
  await vi.waitFor(() =>
    expect(readIn(messageAbout(approval.id)?.blocks ?? [])).toContain(
      "Vote: ann@example.com: approved",
    ),
  );
  expect(ranIn(approval)).toEqual([]);
  await sendFromSlack(press("U0BO", buttonOf(approval.id, "approve")));
  await settle(approval.run_id);
  expect(ranIn(approval)).toHaveLength(1);
});

test.each([
  ["expired_trigger_id", ["That took too long for Slack: press again."]],
  ["exchanged_trigger_id", []],
  ["invalid_arguments", ["Slack refused views.open: invalid_arguments."]],
])(
  "a form that Slack does not open (%s) is no decision, and it is said what to do",
  async (error, words) => {
    await linkAccount("U0ANN", person("ann"));
    const approval = await deletion();
    slackServer.answer = (method) => (method === "views.open" ? refused(error) : undefined);
    await sendFromSlack(press("U0ANN", buttonOf(approval.id, "reject")));
    expect(alone()).toEqual(words);
    expect(await statusOf(approval)).toBe("pending");
  },
);
