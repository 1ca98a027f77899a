import type { Channel } from "./channel.ts";
import { channelId } from "./id.ts";
import { SlackClient } from "./slack/client.ts";
import { type Connection, interactions } from "./slack/interactions.ts";
import { tellSlack } from "./slack/tell.ts";
import { tellApprovers } from "./slack/tell-approvers.ts";
import { secretsIn, tokenIn } from "./slack/variables.ts";

export type SlackOptions = SlackApp & Audience;

/** Where approvals are posted. */
type Audience =
  /** The id of the channel, "C…"; the app is to be a member of it. */
  | { channel: string; to?: undefined }
  /** To each who may decide and has linked their account: a message of their own. */
  | { to: "approvers"; channel?: undefined };

interface SlackApp {
  /** Default "slack": where answers come back is `/slack/interactions` then. */
  id?: string;
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
 * Approvals in a channel of Slack's, or to each approver there: a message that follows each through every state, with buttons that decide, for people
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
    to,
    tokenVariable = "SLACK_BOT_TOKEN",
  } = options;
  if ((channel === undefined) === (to === undefined))
    throw new TypeError("slack(): give either 'channel' or 'to', and not both.");
  if (channel !== undefined) checkId("channel", channel, /^[CGD][A-Z0-9]{2,}$/, "C…");
  else if (to !== "approvers") throw new TypeError(`slack(): 'to' is "approvers" or left out.`);
  checkId("teamId", teamId, /^T[A-Z0-9]{2,}$/, "T…");
  if (enterpriseId !== null) checkId("enterpriseId", enterpriseId, /^E[A-Z0-9]{2,}$/, "E…");
  const workspace = { teamId, enterpriseId };
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
      workspace,
      hookOrigins: apiUrl === slackApi ? [hooks] : [hooks, new URL(apiUrl).origin],
    };
  };
  return {
    id,
    maxBackOffMs,
    wants: (type) => type.startsWith("approval."),
    // What is not set up to be answered is not asked.
    async tell(notice, context) {
      const { client } = connect(context.env, context);
      return channel === undefined
        ? tellApprovers(notice, context, { client, id, workspace })
        : tellSlack(notice, context, { client, channel });
    },
    answers: (desk) => interactions(desk, connect),
  };
}

function checkId(name: string, id: string, pattern: RegExp, example: string): void {
  if (typeof id !== "string" || !pattern.test(id))
    throw new TypeError(`slack(): '${name}' is an id of Slack's, such as "${example}".`);
}
