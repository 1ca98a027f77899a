import { createHmac, randomBytes } from "node:crypto";
import { type Answer, type Asked, listen } from "./listen.ts";

interface Text {
  type: string;
  text: string;
}
interface Element extends Record<string, unknown> {
  action_id: string;
  text: Text;
}
interface Block {
  type: string;
  block_id?: string;
  text?: Text;
  fields?: Text[];
  elements?: Element[];
}
interface Message {
  channel: string;
  ts: string;
  text: string;
  blocks: Block[];
}
interface View extends Record<string, unknown> {
  blocks: Block[];
}

const team = { id: "T0ACME", domain: "acme" };

/** Slack, as far as one channel and its app's interactions go: its Web API, and what it sends when somebody presses a button. */
export class FakeSlack {
  readonly token = `xoxb-${randomBytes(12).toString("hex")}`;
  readonly secret = randomBytes(16).toString("hex");
  /** What stands in the channel now. */
  readonly messages: Message[] = [];
  #view: View | undefined;
  #count = 0;

  /** Serves its Web API; answers the URL. */
  async start(): Promise<string> {
    return `${await listen((asked) => this.#answer(asked))}/api/`;
  }

  /** Somebody chooses a shortcut of the app's, and sends the form that it opens with this typed in; answers what they are told. */
  async fillIn(url: string, user: string, shortcut: string, typed: string): Promise<string> {
    await this.#send(url, user, {
      type: "shortcut",
      callback_id: shortcut,
      action_ts: this.#nextTs(),
    });
    const view = this.#view;
    if (view === undefined) throw new Error("No form was opened.");
    const input = view.blocks.find(({ type }) => type === "input") as unknown as {
      block_id: string;
      element: { action_id: string };
    };
    const value = { type: "plain_text_input", value: typed };
    const values = { [input.block_id]: { [input.element.action_id]: value } };
    const answer = await this.#send(url, user, {
      type: "view_submission",
      view: { id: "V1", team_id: team.id, private_metadata: "", ...view, state: { values } },
      response_urls: [],
    });
    const said = JSON.parse(answer) as { view?: View; errors?: object };
    return said.view === undefined ? JSON.stringify(said.errors) : readIn(said.view.blocks);
  }

  /** Somebody presses the button with this label under the last message. */
  async press(url: string, user: string, label: string): Promise<void> {
    const message = this.messages.at(-1);
    for (const { block_id = "actions", elements = [] } of message?.blocks ?? []) {
      const button = elements.find(({ text }) => text.text === label);
      if (message === undefined || button === undefined) continue;
      await this.#send(url, user, {
        type: "block_actions",
        channel: { id: message.channel, name: "approvals" },
        container: { type: "message", message_ts: message.ts, channel_id: message.channel },
        message: { type: "message", ...message },
        state: { values: {} },
        actions: [{ ...button, block_id, action_ts: this.#nextTs() }],
      });
      return;
    }
    throw new Error(`There is no button '${label}'.`);
  }

  /** What readers see of the last message. */
  read(): string {
    return readIn(this.messages.at(-1)?.blocks ?? []);
  }

  /** Signed as Slack signs; answers what comes back. */
  async #send(url: string, user: string, payload: object): Promise<string> {
    const body = new URLSearchParams({
      payload: JSON.stringify({
        token: "given-up",
        api_app_id: "A0KERN",
        team,
        enterprise: null,
        is_enterprise_install: false,
        user: { id: user, username: "ann", name: "ann", team_id: team.id },
        trigger_id: `13345224609.${this.#nextTs()}`,
        ...payload,
      }),
    }).toString();
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signed = createHmac("sha256", this.secret).update(`v0:${timestamp}:${body}`);
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": `v0=${signed.digest("hex")}`,
      },
      body,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Slack's request was answered ${answer.status}: ${text}`);
    return text;
  }

  #answer({ body, headers, path }: Asked): Answer {
    if (headers.authorization !== `Bearer ${this.token}`)
      return { body: { ok: false, error: "invalid_auth" } };
    const params = Object.fromEntries(new URLSearchParams(body));
    const done = this.#does(path.replace("/api/", ""), params);
    return { body: { ok: !("error" in done), ...done } };
  }

  #does(method: string, params: Record<string, string>): object {
    const { channel = "", text = "", ts = "", user = "" } = params;
    const blocks = () => JSON.parse(params["blocks"] ?? "[]") as Block[];
    switch (method) {
      case "chat.postMessage": {
        const message = { channel, ts: this.#nextTs(), text, blocks: blocks() };
        this.messages.push(message);
        return { channel, ts: message.ts, message };
      }
      case "chat.update": {
        const message = this.messages.find((one) => one.ts === ts && one.channel === channel);
        if (message === undefined) return { error: "message_not_found" };
        Object.assign(message, { text, blocks: blocks() });
        return { channel, ts, text };
      }
      case "users.info":
        return { user: { id: user, team_id: team.id, name: "ann", deleted: false, is_bot: false } };
      case "views.open":
        this.#view = JSON.parse(params["view"] ?? "{}") as View;
        return { view: this.#view };
      default:
        return { error: "unknown_method" };
    }
  }

  #nextTs(): string {
    return `1795644390.${String(++this.#count).padStart(6, "0")}`;
  }
}

/** The texts of these blocks, a line each, and the labels of the buttons; moments, which clocks of readers spell, are left out. */
function readIn(blocks: readonly Block[]): string {
  const lines = blocks.flatMap(({ elements = [], fields = [], text, type }) => {
    if (type === "context") return [];
    if (type === "actions") return [elements.map(({ text }) => `[${text.text}]`).join(" ")];
    return [...(text === undefined ? [] : [text]), ...fields].map(({ text }) => text);
  });
  const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
  return lines.join("\n").replaceAll(/&(?:amp|lt|gt);/g, (entity) => entities[entity] ?? "");
}
