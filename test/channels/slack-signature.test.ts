import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pending, start } from "../client.ts";
import { http } from "../os/http.ts";
import { script } from "../world.ts";
import { turnOn } from "./channels.ts";
import { resetSlack, slackServer } from "./fake-slack.ts";
import {
  buttonOf,
  by,
  linkAccount,
  messageAbout,
  person,
  press,
  secrets,
  sendFromSlack,
} from "./slack-user.ts";

beforeEach(() => {
  resetSlack();
  turnOn("slack");
});
afterEach(() => turnOn());

test("what is malformed, stale, tampered with or too large is 401 and leaves no trace", async () => {
  await linkAccount("U0SIG", person("sig"));
  const { run_id } = await start(
    script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }),
  );
  const { id } = await pending(run_id);
  await vi.waitFor(() => expect(messageAbout(id)).toBeDefined());
  slackServer.asked.length = 0;
  const yes = press("U0SIG", buttonOf(id, "approve"));
  const form = (payload: string) => new URLSearchParams({ payload }).toString();
  const refused = [
    sendFromSlack(yes, { secret: "another" }),
    sendFromSlack(yes, { late: -302 }),
    sendFromSlack(yes, { late: 302 }),
    sendFromSlack(yes, { headers: { "x-slack-signature": "v0=00" } }),
    sendFromSlack(yes, { headers: { "x-slack-request-timestamp": "soon" } }),
    sendFromSlack(""),
    sendFromSlack(form("{")),
    sendFromSlack(form("null")),
    sendFromSlack(form(JSON.stringify({ type: "block_actions" }))),
    sendFromSlack(`${form(JSON.stringify(yes))}&more=${"x".repeat(600_000)}`),
    http("POST", "/slack/interactions", { body: form(JSON.stringify(yes)) }),
  ];
  for (const answer of await Promise.all(refused))
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { detail: "The request is not signed as it should be." },
    ]);
  expect(slackServer.asked).toEqual([]);
  expect((await pending(run_id)).status).toBe("pending");
});

test("what the secret of before has signed is taken while it is rotated", async () => {
  await linkAccount("U0ROT", person("rot"));
  for (const secret of [secrets.before, secrets.now]) {
    const opens = { type: "shortcut", ...by("U0ROT"), callback_id: "link_account" };
    slackServer.opened.length = 0;
    expect((await sendFromSlack(opens, { secret })).status).toBe(200);
    expect(slackServer.opened).toHaveLength(1);
  }
  const vars = { SLACK_SIGNING_SECRET: secrets.now };
  const late = sendFromSlack({ type: "view_closed" }, { secret: secrets.before, vars });
  expect((await late).status).toBe(401);
});

test.each([["SLACK_SIGNING_SECRET"], ["SLACK_BOT_TOKEN"]])(
  "without %s nothing is served, and it is said which variable is missing",
  async (name) => {
    const answer = await sendFromSlack({ type: "view_closed" }, { vars: { [name]: "" } });
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringContaining(`The variable ${name} is not set`),
    ]);
  },
);

test("what Slack tells of and nothing is done about is received", async () => {
  const received = [
    { type: "view_closed", view: {} },
    { type: "message_action", callback_id: "x" },
    press("U0NOBODY", { action_id: "open", url: "https://kern.example.com" }),
    { type: "shortcut", ...by("U0NOBODY"), callback_id: "of another app" },
  ];
  for (const payload of received) {
    const answer = await sendFromSlack(payload);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  }
  expect(slackServer.asked).toEqual([]);
});
