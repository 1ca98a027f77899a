import { expect, test } from "vitest";
import { discord } from "../../examples/channels/discord.ts";
import { email } from "../../src/channels/email.ts";
import { slack } from "../../src/channels/slack.ts";
import { webhook } from "../../src/channels/webhook.ts";
import { channelContract } from "./contract.ts";
import { endpoint } from "./endpoint.ts";
import { mailBinding } from "./mail-server.ts";
import { markupIn, resetSlack, slackChannel, slackServer, teamId } from "./fake-slack.ts";

channelContract({
  channel: webhook({
    id: "hook",
    url: "https://hook.example.com/contract",
    events: ["approval.pending"],
    full: true,
    fetch: endpoint.fetch,
  }),
  env: { WEBHOOK_SECRET_HOOK: `whsec_${btoa("n".repeat(32))}` },
  follows: false,
  reset() {
    endpoint.received.length = 0;
    endpoint.answer = undefined;
  },
  sent: () => endpoint.received.map(({ body }) => body),
  // It is JSON, which a program reads.
  markup: () => endpoint.received.filter(({ body }) => !isJson(body)).map(({ body }) => body),
  fail: (secret) => void (endpoint.answer = () => new Response(secret, { status: 500 })),
});

channelContract({
  channel: slack({ channel: slackChannel, teamId, fetch: slackServer.fetch }),
  env: { SLACK_BOT_TOKEN: "xoxb-test", SLACK_SIGNING_SECRET: "signing-now signing-before" },
  follows: true,
  reset: resetSlack,
  sent: () => slackServer.asked.map(({ method, params }) => JSON.stringify({ method, params })),
  markup: () => slackServer.posted.flatMap((message) => markupIn(message)),
  fail: (secret) =>
    void (slackServer.answer = () => Response.json({ ok: false, error: secret, token: secret })),
});

channelContract({
  channel: slack({ id: "slack-direct", to: "approvers", teamId, fetch: slackServer.fetch }),
  env: { SLACK_BOT_TOKEN: "xoxb-test", SLACK_SIGNING_SECRET: "signing-now signing-before" },
  follows: true,
  reset: resetSlack,
  sent: () => slackServer.asked.map(({ method, params }) => JSON.stringify({ method, params })),
  markup: () => slackServer.posted.flatMap((message) => markupIn(message)),
  fail: (secret) =>
    void (slackServer.answer = () => Response.json({ ok: false, error: secret, token: secret })),
});

channelContract({
  channel: email({ from: "kern@example.com", to: ["ann@example.com"], outcome: true }),
  env: { EMAIL: mailBinding },
  follows: true,
  reset: () => mailBinding.reset(),
  sent: () => mailBinding.received.map((mail) => JSON.stringify(mail)),
  // A subject is no markup, and has one line.
  markup: () =>
    mailBinding.received.flatMap(({ html, subject }) => [
      ...(html.match(/<(b|a href="https:\/\/evil)[ >]|[\r\u202E]/g) ?? []),
      ...(subject.match(/[\r\n\u202E]/g) ?? []),
    ]),
  fail: (secret) => void (mailBinding.failure = secret),
});

const posts: { content: string }[] = [];
let refusing: string | null = null;
const discordServer: typeof fetch = async (_, init) => {
  if (refusing !== null) return Response.json({ message: refusing }, { status: 500 });
  posts.push(JSON.parse(init?.body as string) as { content: string });
  return Response.json({ id: "1" });
};

channelContract({
  channel: discord("1234", discordServer),
  env: { DISCORD_BOT_TOKEN: "token-of-the-bot" },
  follows: true,
  reset() {
    posts.length = 0;
    refusing = null;
  },
  sent: () => posts.map((post) => JSON.stringify(post)),
  // Everything stands in one block of code, which only its own end ends.
  markup: () =>
    posts
      .map(({ content }) => content)
      .filter((text) => !/^```\n[^`]*(`\u200b[^`]*)*\n```$/.test(text) || /[\r\u202E]/.test(text)),
  fail: (secret) => void (refusing = secret),
});

test("an answer from Discord counts where it is signed, is of now, and is a linked person's", async () => {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const raw = (await crypto.subtle.exportKey("raw", publicKey)) as ArrayBuffer;
  const env = { DISCORD_PUBLIC_KEY: Buffer.from(raw).toString("hex") };
  const asked: unknown[] = [];
  const desk = {
    async decide(...said: unknown[]) {
      asked.push(said);
      return { kind: "refused" as const, reason: "unlinked" as const, message: "Not linked." };
    },
  };
  const app = discord("1234", discordServer).answers?.(() => desk as never);
  const press = async (body: string, at: number, changed = body) => {
    const signed = new TextEncoder().encode(`${at}${body}`);
    const signature = Buffer.from(await crypto.subtle.sign("Ed25519", privateKey, signed));
    const headers = {
      "x-signature-timestamp": String(at),
      "x-signature-ed25519": signature.toString("hex"),
    };
    return app?.request("/interactions", { method: "POST", body: changed, headers }, env);
  };
  const click = JSON.stringify({
    type: 3,
    data: { custom_id: `approved apr_1 ${"a".repeat(40)}` },
    member: { user: { id: "77", username: "ann" } },
  });
  const now = Math.floor(Date.now() / 1000);
  expect((await press(click, now - 400))?.status).toBe(401);
  expect((await press(click, now, click.replace("77", "78")))?.status).toBe(401);
  expect(asked).toEqual([]);
  const answer = await press(click, now);
  expect(await answer?.json()).toEqual({ type: 4, data: { content: "Not linked.", flags: 64 } });
  const account = { id: "discord:77", name: "ann", assurance: "slack" };
  expect(asked).toEqual([["apr_1", { status: "approved", data: null }, account, "a".repeat(40)]]);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
