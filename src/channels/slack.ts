import type { Channel } from "./channel.ts";
import { channelId } from "./id.ts";
import { SlackClient } from "./slack/client.ts";
import { type Connection, interactions } from "./slack/interactions.ts";
import { tellSlack } from "./slack/tell.ts";
import { secretsIn, tokenIn } from "./slack/variables.ts";

export interface SlackOptions {
  /** Default "slack": where answers come back is `/slack/interactions` then. */
  id?: string;
  /** The id of the channel that approvals are posted to, "C…"; the app is to be a member of it. */
  channel: string;
  /** The workspace whose members answer, "T…"; nobody of any other does. */
  teamId: string;
  /** Of an Enterprise Grid: its id, "E…". */
  enterpriseId?: string;
  /** The Worker's variable (a secret) that holds the bot's token, "xoxb-…". Default "SLACK_BOT_TOKEN". */
  tokenVariable?: string;
  /**
   * The Worker's variable (a secret) that holds the app's signing secret; two of them with a space between while rotating.
   * Default "SLACK_SIGNING_SECRET".
   */
  signingSecretVariable?: string;
  /** Another address of Slack's API, for tests. */
  apiUrl?: string;
  /** Default: the platform's. */
  fetch?: typeof fetch;
}

const maxBackOffMs = 10 * 60_000;
const slackApi = "https://slack.com/api/";
const hooks = "https://hooks.slack.com";

/**
 * Approvals in a channel of Slack's: a message that follows each through every state, with buttons that decide, for people
 * who have linked their account in the panel. Throws a TypeError that names what does not fit.
 */
export function slack(options: SlackOptions): Channel {
  const id = channelId(options.id ?? "slack");
  const {
    apiUrl = slackApi,
    channel,
    enterpriseId = null,
    signingSecretVariable = "SLACK_SIGNING_SECRET",
    teamId,
    tokenVariable = "SLACK_BOT_TOKEN",
  } = options;
  checkId("channel", channel, /^[CGD][A-Z0-9]{2,}$/, "C…");
  checkId("teamId", teamId, /^T[A-Z0-9]{2,}$/, "T…");
  if (enterpriseId !== null) checkId("enterpriseId", enterpriseId, /^E[A-Z0-9]{2,}$/, "E…");
  const connect = (
    env: Record<string, unknown>,
    { nowMs, signal }: { nowMs: number; signal: AbortSignal },
  ): Connection => {
    const secrets = secretsIn(env, signingSecretVariable);
    const token = tokenIn(env, tokenVariable);
    const send = options.fetch ?? fetch;
    return {
      client: new SlackClient({ apiUrl, token, send, signal, nowMs }),
      secrets,
      send,
      signal,
      workspace: { teamId, enterpriseId },
      hookOrigins: apiUrl === slackApi ? [hooks] : [hooks, new URL(apiUrl).origin],
    };
  };
  return {
    id,
    maxBackOffMs,
    wants: (type) => type.startsWith("approval."),
    // What is not set up to be answered is not asked.
    tell: async (notice, context) =>
      tellSlack(notice, context, { client: connect(context.env, context).client, channel }),
    answers: (desk) => interactions(desk, connect),
  };
}

function checkId(name: string, id: string, pattern: RegExp, example: string): void {
  if (typeof id !== "string" || !pattern.test(id))
    throw new TypeError(`slack(): '${name}' is an id of Slack's, such as "${example}".`);
}
