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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
