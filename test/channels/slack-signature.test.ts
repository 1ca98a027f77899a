import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isSigned } from "../../src/channels/slack/signature.ts";
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

/** What Slack publishes: https://docs.slack.dev/authentication/verifying-requests-from-slack */
const vector = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: "1531420618",
  body: new TextEncoder().encode(
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  ),
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
};
const atMs = 1_531_420_618_000;
const check = (more: Partial<typeof vector> & { nowMs?: number } = {}) => {
  const { body, nowMs = atMs, secret, signature, timestamp } = { ...vector, ...more };
  return isSigned(body, { signature, timestamp }, [secret], nowMs);
};

test("Slack's published vector is taken, by any of the secrets, within five minutes either way", () => {
  expect(check()).toBe(true);
  expect(isSigned(vector.body, vector, ["another", vector.secret], atMs)).toBe(true);
  expect(isSigned(vector.body, vector, [], atMs)).toBe(false);
  for (const seconds of [-300, 300]) expect(check({ nowMs: atMs + seconds * 1000 })).toBe(true);
  for (const seconds of [-301, 301, 86_400])
    expect(check({ nowMs: atMs + seconds * 1000 })).toBe(false);
});

test("with any one bit of the body, the signature or the time turned over it is refused", () => {
  for (let bit = 0; bit < vector.body.length * 8; bit += 7) {
    const body = vector.body.slice();
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(check({ body })).toBe(false);
  }
  for (let at = 0; at < vector.signature.length; at++) {
    const code = vector.signature.charCodeAt(at) ^ 1;
    const signature =
      vector.signature.slice(0, at) + String.fromCharCode(code) + vector.signature.slice(at + 1);
    expect(check({ signature })).toBe(false);
  }
  expect(check({ timestamp: "1531420619" })).toBe(false);
});

test.each([
  ["no time", { timestamp: "" }],
  ["a time with a sign", { timestamp: "+1531420618" }],
  ["a time with a fraction", { timestamp: "1531420618.0" }],
  ["a time with a space", { timestamp: " 1531420618" }],
  ["a time in another notation", { timestamp: "0x5b47a18a" }],
  ["no signature", { signature: "" }],
  ["a signature of another version", { signature: vector.signature.replace("v0", "v1") }],
  ["a signature in capitals", { signature: vector.signature.toUpperCase() }],
  ["half a signature", { signature: vector.signature.slice(0, 35) }],
  ["a longer signature", { signature: `${vector.signature}00` }],
])("%s is refused", (_, more) => expect(check(more)).toBe(false));

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
