import type { DeliveryContext, Notice, Receipt, Told } from "../../src/approval/notice.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { callbacks } from "../../src/channels/callbacks.ts";
import { email } from "../../src/channels/email.ts";
import { webhook } from "../../src/channels/webhook.ts";
import { slack } from "../../src/channels/slack.ts";
import { endpoint } from "./endpoint.ts";
import { mailOptions } from "./mail-server.ts";
import { directTeam, slackChannel, slackServer, teamId } from "./fake-slack.ts";

/** Channels of the tests are told of nothing until a test turns them on, so that other tests have no part in them. */
const on = new Set<string>();

/** Has these channels told of what happens, and no others. */
export function turnOn(...ids: string[]): void {
  on.clear();
  for (const id of ids) on.add(id);
}

function switchable(channel: Channel): Channel {
  return { ...channel, wants: (type) => on.has(channel.id) && channel.wants(type) };
}

/** What a channel that only remembers was told, and how it answers where a test says so. */
export const pager: {
  told: { notice: Notice; receipt: Receipt | null }[];
  answer: ((notice: Notice, context: DeliveryContext) => Promise<Told> | Told) | undefined;
} = { told: [], answer: undefined };

const all: Channel[] = [
  {
    id: "pager",
    maxBackOffMs: 600_000,
    wants: () => true,
    async tell(notice, context): Promise<Told> {
      const answer = await pager.answer?.(notice, context);
      pager.told.push({ notice, receipt: context.receipt });
      return answer ?? { kind: "sent", receipt: { last: notice.type } };
    },
  },
  webhook({ id: "hook", url: "https://hook.example.com/in", fetch: endpoint.fetch }),
  webhook({
    id: "hook-full",
    url: "https://hook.example.com/full",
    secretVariable: "WEBHOOK_SECRET_HOOK",
    full: true,
    events: ["approval.pending", "approval.executed"],
    fetch: endpoint.fetch,
  }),
  callbacks({ hosts: ["*.example.com"], fetch: endpoint.fetch }),
  email(mailOptions),
  email({ ...mailOptions, id: "email-outcome", outcome: true }),
  slack({ channel: slackChannel, teamId, fetch: slackServer.fetch }),
  slack({
    id: "slack-grid",
    channel: slackChannel,
    teamId,
    enterpriseId: "E0GRID",
    fetch: slackServer.fetch,
  }),
  slack({ id: "slack-direct", to: "approvers", teamId: directTeam, fetch: slackServer.fetch }),
];
export const testChannels = all.map((channel) => switchable(channel));
