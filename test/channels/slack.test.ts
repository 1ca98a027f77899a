import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { approvalMessage } from "../../src/channels/slack/message.ts";
import { slack } from "../../src/channels/slack.ts";
import { approve, ask, get, pending, resolve, ring, start } from "../client.ts";
import { approvalRecord } from "../db/rows.ts";
import { http, json } from "../os/http.ts";
import { policyCode } from "../policy-tools.ts";
import { clock, script } from "../world.ts";
import { turnOn } from "./channels.ts";
import {
  markupIn,
  readIn,
  refused,
  resetSlack,
  slackChannel,
  slackServer,
  teamId,
  textsOf,
} from "./fake-slack.ts";
import { buttonsOf, messageAbout } from "./slack-user.ts";

const urlOf = (path: string) => `https://kern.example.com${path}`;
const asked = async (name: string, args: object) => {
  const { run_id } = await start(script({ calls: [{ name, args }] }));
  const approval = await pending(run_id);
  await vi.waitFor(() => expect(messageAbout(approval.id)).toBeDefined());
  return approval;
};
const readAbout = (id: string) => readIn(messageAbout(id)?.blocks ?? []);
const actionsOf = (message: Parameters<typeof buttonsOf>[0]) =>
  buttonsOf(message).map(({ action_id }) => action_id);
const says = async (id: string, ...words: string[]) =>
  vi.waitFor(() => {
    for (const text of words) expect(readAbout(id)).toContain(text);
  });

beforeEach(() => {
  resetSlack();
  turnOn("slack");
});
afterEach(() => {
  turnOn();
  policyCode.preview = () => null;
});

test("a message says what is asked, by whom, of whom, for how long, and how risky it is, and leads to the panel", async () => {
  policyCode.preview = () => "Pays 12 EUR.";
  const approval = await asked("pay_by_finance", { amount: 12, to: "Ada" });
  const message = messageAbout(approval.id);
  const text = readAbout(approval.id);
  for (const words of [
    "Approval: pay_by_finance",
    "Agent: Tester",
    "Requested for: no user named",
    "Started by: anonymous",
    "Who decides: 1 of group:finance, boss@example.com, scope:payments, not the requester",
    "Risk: high",
    "Arguments, as the agent wants them:",
    '"amount": 12',
    '"to": "Ada"',
  ])
    expect(text).toContain(words);
  const marked = textsOf(message?.blocks ?? []).filter(({ type }) => type === "mrkdwn");
  expect(marked).toEqual([
    expect.objectContaining({
      text: expect.stringMatching(
        new RegExp(
          `^Waits until <!date\\^${approval.expires_at}\\^\\{date_short_pretty\\} at \\{time\\}\\|\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC>, not longer\\.$`,
        ),
      ) as string,
    }),
  ]);
  expect(message && buttonsOf(message)).toMatchObject([
    { action_id: "approve", value: `${approval.id} ${approval.args_hash}` },
    { action_id: "reject", value: `${approval.id} ${approval.args_hash}` },
    { url: `https://kern.example.com/panel/approvals/${approval.id}` },
  ]);
  expect(slackServer.asked[0]).toMatchObject({
    method: "chat.postMessage",
    token: "Bearer xoxb-test",
    params: { channel: slackChannel, parse: "none", link_names: "false", unfurl_links: "false" },
  });
  const previewed = await asked("pay_when", { amount: 12 });
  expect(readAbout(previewed.id)).toContain("In short, says the tool:\nPays 12 EUR.");
});

test("one message follows an approval through reminders, escalation, more time and its end", async () => {
  const { id, run_id } = await asked("pay_by_finance", { amount: 12 });
  const threadOf = () =>
    slackServer.posted
      .filter(({ thread }) => thread === messageAbout(id)?.ts)
      .map(({ text }) => text);
  clock.move(11 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(threadOf()).toEqual(["This still waits for a decision."]));
  clock.move(10 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(threadOf()).toHaveLength(2));
  clock.move(10 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(threadOf()).toHaveLength(3));
  expect(threadOf()[2]).toBe("Nobody has decided yet. From now on this is also for group:leads.");
  expect(readAbout(id)).toContain("scope:payments, group:leads");
  clock.move(30 * 60_000);
  await ring(run_id);
  await says(id, "pay_by_finance: expired");
  expect(actionsOf(messageAbout(id) ?? { blocks: [] })).toEqual(["open"]);
  expect(slackServer.posted.filter(({ thread }) => thread === null)).toHaveLength(1);
});

test("votes, more time, a rejection with its note, and a run that is cancelled are seen in the message", async () => {
  const two = await asked("weigh_by_two", { parcel: "p-1" });
  const vote = await http("POST", `/approvals/${two.id}/resolve`, json({ status: "approved" }));
  // Without a credential nobody in particular has a vote.
  expect(vote.status).toBe(403);
  const one = await asked("delete_user_data", { user_id: "u-1" });
  const before = readTime(one.id);
  const until = Math.floor(clock.now() / 1000) + 20 * 86_400;
  const more = await ask("POST", `/approvals/${one.id}/extend`, { expires_at: until });
  expect(more.status).toBe(200);
  await vi.waitFor(() => expect(readTime(one.id)).not.toBe(before));
  await resolve(one.id, {
    status: "rejected",
    resolved_by: "ann",
    resolution_data: { note: "<!channel> *no*" },
  });
  await says(one.id, "delete_user_data: rejected", "Rejected by: ann", "Note: <!channel> *no*");
  expect(markupIn(messageAbout(one.id) ?? { blocks: [], text: "" })).toEqual([]);
  await ask("POST", `/agents/tester/runs/${two.run_id}/cancel`);
  await says(two.id, "weigh_by_two: cancelled");
});

function readTime(id: string): string | undefined {
  return /<!date\^(\d+)/.exec(JSON.stringify(messageAbout(id)?.blocks))?.[1];
}

test("votes are shown with who gave them and why", () => {
  const vote = { status: "approved" as const, at: 0, args_hash: "", note: null };
  const votes = [
    { ...vote, by: "ann" },
    { ...vote, by: "bo\nVote: eve: approved", status: "rejected" as const, note: "no" },
  ];
  const read = readIn(approvalMessage(approvalRecord({ votes }), urlOf).blocks);
  expect(read).toContain(
    "Vote: ann: approved\nVote: bo\\u{000A}Vote: eve: approved: rejected (no)",
  );
});

test("nothing of an argument, a name or a note is markup, and what cannot be seen is spelled out", () => {
  const evil =
    "<!channel> <!here> @here <@U0ANN> <#C0APPROVALS> <https://evil.example.com|kern> *bold* _it_ ~no~ `code` &lt;b&gt; :tada: \u202Egnp.exe\u200B\u0007";
  const approval = approvalRecord({
    id: "apr_1",
    tool_args: { text: evil, [evil]: [evil, { deep: evil }] },
    source_name: evil,
    user_id: evil,
    requested_by: evil,
    preview: `${evil}\n> quoted\n*bold*`,
    context: { lineage: [{ name: evil }] },
    votes: [{ by: evil, status: "approved", at: 0, args_hash: "", note: evil }],
  });
  const message = approvalMessage(approval, urlOf);
  expect(markupIn(message)).toEqual([]);
  const read = readIn(message.blocks);
  const shown = evil
    .replace("\u202E", "\\u{202E}")
    .replace("\u200B", "\\u{200B}")
    .replace("\u0007", "\\u{0007}");
  for (const place of ["Agent: ", "Requested for: ", "Started by: ", "Team: ", "Vote: "])
    expect(read).toContain(`${place}${shown}`);
  for (const character of ["\u202E", "\u200B", "\u0007"]) expect(read).not.toContain(character);
  for (const { type } of textsOf(message.blocks).slice(0, -4)) expect(type).toBe("plain_text");
  for (const one of textsOf(message.blocks))
    if (one.type === "plain_text") expect(one).toMatchObject({ emoji: false });
});

test.each([
  [
    "8,200 characters on many lines",
    Object.fromEntries([...Array(180).keys()].map((n) => [`name-${n}`, "x".repeat(28)])),
    true,
  ],
  ["a text of 2,900 characters", { text: "x".repeat(2900) }, true],
  ["a text of 2,900 characters that are escaped", { text: "<".repeat(2900) }, false],
  ["a text of 4,000 characters", { text: `${"x".repeat(3999)}!` }, false],
  [
    "12,000 characters on many lines",
    Object.fromEntries([...Array(300).keys()].map((n) => [`name-${n}`, "x".repeat(28)])),
    false,
  ],
])(
  "%s: shown whole and approvable, or said not to be all, with a link instead",
  (_, tool_args, isWhole) => {
    const { blocks } = approvalMessage(approvalRecord({ tool_args }), urlOf);
    expect(readIn(blocks).includes("This is not all of it.")).toBe(!isWhole);
    expect(actionsOf({ blocks: blocks as never })).toEqual(
      isWhole ? ["approve", "reject", "open"] : ["reject", "open"],
    );
    for (const { text } of textsOf(blocks)) expect(text.length).toBeLessThanOrEqual(3000);
    const read = readIn(blocks);
    if (isWhole)
      expect(read.replaceAll("\n", "")).toContain(
        JSON.stringify(tool_args, null, 2).replaceAll("\n", ""),
      );
  },
);

test.each([
  ["a preview", { preview: "x".repeat(3001) }],
  ["a name", { source_name: "x".repeat(1001) }],
])("%s that does not fit takes the button with it as well", (_, more) => {
  const { blocks } = approvalMessage(approvalRecord(more), urlOf);
  expect(actionsOf({ blocks: blocks as never })).toEqual(["reject", "open"]);
});

test.each([
  ["a call whose outcome is unknown", { context: { reason: "unknown_outcome" } }, ["open"]],
  [
    "what asks for a sign-in",
    { policy: { ...approvalRecord().policy, min_assurance: "panel" as const } },
    ["open"],
  ],
  [
    "what asks for Slack at least",
    { policy: { ...approvalRecord().policy, min_assurance: "slack" as const } },
    ["approve", "reject", "open"],
  ],
  [
    "what may be changed",
    { tool_args: { a: 1 }, policy: { ...approvalRecord().policy, edit: ["a"] } },
    ["answer", "reject", "open"],
  ],
  [
    "what may be changed and does not fit into an input",
    { tool_args: { a: "\u202E" }, policy: { ...approvalRecord().policy, edit: ["a"] } },
    ["reject", "open"],
  ],
  [
    "reasons that do not fit into a choice",
    { policy: { ...approvalRecord().policy, reasons: ["x".repeat(80)] } },
    ["approve", "open"],
  ],
])("%s has these buttons alone", (_, more, actions) => {
  const { blocks } = approvalMessage(approvalRecord(more), urlOf);
  expect(actionsOf({ blocks: blocks as never })).toEqual(actions);
});

test("a secret argument is in nothing that is sent", async () => {
  const { id } = await asked("pay_secretly", { amount: 1, code: "canary-7c1f" });
  await resolve(id, { status: "approved", resolved_by: "ann" });
  await says(id, "The call: succeeded", "••••••");
  expect(JSON.stringify([slackServer.asked, slackServer.posted])).not.toContain("canary-7c1f");
});

test("429 is waited out for as long as Slack asks, and nothing is asked twice by itself", async () => {
  slackServer.answer = () => new Response("", { status: 429, headers: { "retry-after": "120" } });
  const { run_id } = await start(
    script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }),
  );
  const { id } = await pending(run_id);
  const logged = async () =>
    (await get<{ data: { attempts: number; error: string }[] }>(`/deliveries?run_id=${run_id}`))
      .data[0];
  await vi.waitFor(async () =>
    expect(await logged()).toMatchObject({
      attempts: 1,
      error: "Slack answered chat.postMessage with 429.",
    }),
  );
  expect(slackServer.asked).toHaveLength(1);
  clock.move(60_000);
  await ring(run_id);
  expect(slackServer.asked).toHaveLength(1);
  slackServer.answer = undefined;
  clock.move(61_000);
  await ring(run_id);
  await vi.waitFor(() => expect(messageAbout(id)).toBeDefined());
});

test.each([
  ["a refusal", () => refused("not_in_channel"), "Slack refused chat.postMessage: not_in_channel."],
  [
    "a refusal that echoes",
    () => refused("xoxb-secret <b>"),
    "Slack refused chat.postMessage: it did not say why.",
  ],
  [
    "a server error",
    () => new Response("xoxb-secret", { status: 500 }),
    "Slack answered chat.postMessage with 500.",
  ],
  [
    "no connection",
    async () => Promise.reject(new TypeError("xoxb-secret")),
    "Slack cannot be reached.",
  ],
  ["no JSON", () => new Response("<html>"), "Slack refused chat.postMessage: it did not say why."],
])("%s is told again later, and the log holds no secret", async (_, answer, words) => {
  slackServer.answer = answer;
  const { run_id } = await start(
    script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }),
  );
  await vi.waitFor(async () => {
    const { data } = await get<{ data: object[] }>(`/deliveries?run_id=${run_id}`);
    expect(data[0]).toMatchObject({ status: "failed", error: words });
  });
  slackServer.answer = undefined;
});

test("a message that somebody has deleted is posted anew while the approval waits, and not once it is decided", async () => {
  const { id, run_id } = await asked("pay_by_finance", { amount: 12 });
  slackServer.posted.length = 0;
  clock.move(11 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(messageAbout(id)).toBeDefined());
  const again = await asked("delete_user_data", { user_id: "u-1" });
  slackServer.posted.length = 0;
  await approve(again.id);
  await vi.waitFor(async () => {
    const { data } = await get<{ data: { type: string; status: string }[] }>(
      `/deliveries?run_id=${again.run_id}`,
    );
    expect(data).toContainEqual(
      expect.objectContaining({ type: "approval.executed", status: "delivered" }),
    );
  });
  expect(slackServer.posted).toEqual([]);
});

test("either a channel or the approvers are given, and not both", () => {
  const of = (options: object) => () => slack({ teamId, ...options } as never);
  expect(of({})).toThrow(new TypeError("slack(): give either 'channel' or 'to', and not both."));
  expect(of({ channel: slackChannel, to: "approvers" })).toThrow(/either 'channel' or 'to'/);
  expect(of({ to: "everybody" })).toThrow(/'to' is "approvers" or left out/);
  expect(of({ to: "approvers" })().id).toBe("slack");
});

test.each([
  ["channel", { channel: "#approvals", teamId }],
  ["teamId", { channel: slackChannel, teamId: "acme" }],
  ["enterpriseId", { channel: slackChannel, teamId, enterpriseId: "grid" }],
])("a '%s' that is no id of Slack's is refused at construction", (name, options) => {
  expect(() => slack(options)).toThrow(new RegExp(`'${name}' is an id of Slack's`));
});
