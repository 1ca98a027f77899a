import { createHmac } from "node:crypto";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { linksOf } from "../../src/os/links.ts";
import type { Principal } from "../../src/os/principal.ts";
import { bindings } from "../client.ts";
import { db } from "../database.ts";
import { clock } from "../world.ts";
import worker from "../worker.ts";
import { type Block, slackChannel, slackServer, teamId } from "./fake-slack.ts";

export const secrets = { now: "signing-secret-now", before: "signing-secret-before" };

export interface Sending {
  path?: string;
  secret?: string;
  /** Seconds from now. */
  late?: number;
  headers?: Record<string, string>;
  vars?: Record<string, unknown>;
}

/** Sends what Slack sends where somebody has done something; waits until all is done that follows from it. */
export async function sendFromSlack(payload: unknown, sending: Sending = {}): Promise<Response> {
  const { answer, done } = await sendAndLeave(payload, sending);
  await done();
  return answer;
}

/** The same, without waiting for more than the answer. */
export async function sendAndLeave(
  payload: unknown,
  {
    headers = {},
    late = 0,
    path = "/slack/interactions",
    secret = secrets.now,
    vars = {},
  }: Sending = {},
): Promise<{ answer: Response; done: () => Promise<void> }> {
  const body =
    typeof payload === "string"
      ? payload
      : new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(clock.now() / 1000) + late);
  const signed = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const request = new Request(`https://kern.example.com${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${signed}`,
      ...headers,
    },
    body,
  });
  const ctx = createExecutionContext();
  const answer = await worker.fetch(request, { ...bindings, ...vars }, ctx);
  return { answer, done: async () => waitOnExecutionContext(ctx) };
}

/** What is in every payload that comes of this user. */
export function by(user: string): Record<string, unknown> {
  return {
    api_app_id: "A0APP",
    team: { id: teamId, domain: "acme" },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: user, username: user.toLowerCase(), name: user.toLowerCase(), team_id: teamId },
    trigger_id: "1.2.abc",
  };
}

/** A press of a button. */
export function press(user: string, button: object, more: Record<string, unknown> = {}) {
  return {
    type: "block_actions",
    ...by(user),
    channel: { id: slackChannel, name: "approvals" },
    container: { type: "message", channel_id: slackChannel },
    response_url: `https://hooks.slack.com/actions/${teamId}/1/${user}`,
    actions: [{ type: "button", block_id: "b", action_ts: "1.2", ...button }],
    ...more,
  };
}

/** The form that was opened last, with these typed into its inputs, by their labels. */
export function filled(user: string, typed: Record<string, unknown> = {}) {
  const view = slackServer.opened.at(-1) as unknown as View | undefined;
  if (view === undefined) throw new Error("No form was opened.");
  const values = view.blocks.flatMap(({ block_id, element, label, type }) => {
    if (type !== "input") return [];
    const { options = [], type: kind } = element;
    const text = typed[label.text];
    const chosen = options.find((option) => option.text.text === text);
    return [
      [
        block_id,
        {
          typed: {
            type: kind,
            ...(kind === "static_select"
              ? { selected_option: chosen ?? null }
              : kind === "datepicker"
                ? { selected_date: text ?? null }
                : { value: text === undefined ? (element.initial_value ?? null) : text }),
          },
        },
      ],
    ];
  });
  return {
    type: "view_submission",
    ...by(user),
    view: {
      id: "V1",
      private_metadata: "",
      ...view,
      state: { values: Object.fromEntries(values) as object },
    },
  };
}
interface View {
  callback_id: string;
  private_metadata?: string;
  blocks: {
    type: string;
    block_id: string;
    label: { text: string };
    element: {
      type: string;
      initial_value?: string;
      options?: { text: { text: string }; value: string }[];
    };
  }[];
}

/** The message about an approval as it is now; undefined where there is none. */
export function messageAbout(approvalId: string) {
  return slackServer.posted.find(
    ({ blocks, thread }) => thread === null && JSON.stringify(blocks).includes(approvalId),
  );
}

export function buttonsOf({ blocks }: { blocks: Block[] }) {
  const found = blocks.filter(({ type }) => type === "actions");
  return found.flatMap(({ elements = [] }) => elements) as unknown as Button[];
}
export interface Button {
  action_id: string;
  value?: string;
  url?: string;
  text: { text: string };
}

/** The button of the message about this approval. */
export function buttonOf(approvalId: string, actionId: string): Button {
  const message = messageAbout(approvalId);
  const found = message && buttonsOf(message).find(({ action_id }) => action_id === actionId);
  if (found === undefined) throw new Error(`No button '${actionId}' of ${approvalId}`);
  return found;
}

/** Somebody in particular, as the panel knows them. */
export function person(name: string, more: Partial<Principal> = {}): Principal {
  const id = `https://id.example.com/|${name}`;
  return {
    id,
    kind: "person",
    shared: false,
    name: `${name}@example.com`,
    aliases: [id, `${name}@example.com`],
    names: [id, `${name}@example.com`],
    groups: [],
    scopes: new Set(["approvals:read", "approvals:write"]),
    assurance: "panel",
    ownOnly: false,
    ...more,
  };
}

/** A code as the panel makes it. */
export async function codeFor(principal: Principal): Promise<string> {
  return linksOf(db, false, clock.now).offer(bindings, principal);
}

/** Links an account as its owner does: a shortcut, and the code in the form that it opens. */
export async function linkAccount(
  user: string,
  principal: Principal,
  path?: string,
): Promise<void> {
  const sending = path === undefined ? {} : { path };
  const code = await codeFor(principal);
  await sendFromSlack({ type: "shortcut", ...by(user), callback_id: "link_account" }, sending);
  const answer = await sendFromSlack(filled(user, { Code: code }), sending);
  const said = await answer.text();
  if (!said.includes("Your account is linked")) throw new Error(`It was not linked: ${said}`);
}
