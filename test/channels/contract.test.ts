import { slack } from "../../src/channels/slack.ts";
import { webhook } from "../../src/channels/webhook.ts";
import { channelContract } from "./contract.ts";
import { endpoint } from "./endpoint.ts";
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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
