import { D1Db } from "kern/db/d1";
import { AgentOS } from "kern/os";
import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { tool, type Tool } from "kern/tools";
import { bearer, schedule, webhook } from "kern/triggers";
import { z } from "zod";
import { dataManager } from "../../src/agents/data-manager.ts";
import { hackerNews } from "../../src/agents/hacker-news.ts";
import { orderDesk } from "../../src/agents/order-desk.ts";
import { supportTeam } from "../../src/agents/support-team.ts";
import { email, type EmailMessage } from "../../src/channels/email.ts";
import type { Model } from "../../src/models/model.ts";

/** Makes the calls that the user's message lists, as JSON, whatever they hold; then it is done. */
const scripted: Model = {
  id: "scripted",
  provider: "test",
  async complete({ messages }) {
    const last = messages.at(-1);
    const toolCalls = last?.role === "user" ? (JSON.parse(last.content) as Call[]) : [];
    return {
      content:
        toolCalls.length === 0
          ? "Done."
          : `I need ${toolCalls.map(({ name }) => name).join()} now.`,
      toolCalls: toolCalls.map(({ name, args }) => ({
        id: null,
        name,
        arguments: JSON.stringify(args),
      })),
      usage: null,
    };
  },
};

interface Call {
  name: string;
  args: unknown;
}

/** Says each word of the user's message by itself, and goes on to the next one when it is told to at `/next`. */
const halting: Model = {
  id: "halting",
  provider: "test",
  async complete({ messages, onText, signal }) {
    said.next = 0;
    const words = (messages.at(-1)?.content ?? "").split(/(?<= )/);
    for (const [at, word] of words.entries()) {
      // Looked for, because a promise that another request settles is not always heard of.
      while (at > 0 && said.next < at && !signal.aborted) await scheduler.wait(10);
      onText(word);
    }
    return { content: words.join(""), toolCalls: [], usage: null };
  },
};

/** How many words may have been said after the first. */
const said = { next: 0 };

const speaker = new Agent({ id: "speaker", name: "Speaker", model: halting });

/** Takes any text. */
const sendText = approval(
  tool({
    name: "send_text",
    description: "Send a text.",
    parameters: z.object({ text: z.string() }),
    execute: ({ text }) => `${text.length} characters have been sent.`,
  }),
);

const setProfile = approval(
  tool({
    name: "set_profile",
    description: "Set a user's profile; a person fills it in.",
    parameters: z.object({
      user_id: z.string(),
      name: z.string().min(2).describe("As it stands in the passport."),
      email: z.email().optional(),
      age: z.int().min(18).max(120),
      active: z.boolean(),
      plan: z.enum(["free", "pro"]).default("free"),
      born: z.iso.date().optional(),
      story: z.string().max(2000).optional(),
      tags: z.array(z.string()).optional(),
    }),
    requiresUserInput: true,
    userInputFields: ["name", "email", "age", "active", "plan", "born", "story", "tags"],
    execute: ({ name, age }) => `${name}, ${age}, has a profile.`,
  }),
);

const callBank = approval(
  tool({
    name: "call_bank",
    description: "A person calls the bank.",
    parameters: z.object({ question: z.string() }),
    externalExecution: true,
  }),
);

/** Does not answer in time, so that nobody knows what came of it, until it is run again. */
const sendParcel = approval(
  tool({
    name: "send_parcel",
    description: "Send a parcel.",
    parameters: z.object({ order: z.string() }),
    timeoutMs: 50,
    execute: ({ order }, { callId, idempotencyKey }) =>
      idempotencyKey === callId ? new Promise(() => undefined) : `${order} has been sent.`,
  }),
);

/** Waits for a moment only. */
const sendSoon = approval(
  tool({
    name: "send_soon",
    description: "Send a text, soon or never.",
    parameters: z.object({ text: z.string() }),
    execute: ({ text }) => `${text.length} characters have been sent.`,
  }),
  { expiresIn: "3s" },
);
const rename = tool({
  name: "rename",
  description: "Rename a user, after asking them.",
  parameters: z.object({ user_id: z.string(), name: z.string() }),
  requiresConfirmation: true,
  execute: ({ name }) => `Renamed to ${name}.`,
});

const askProfile = tool({
  name: "ask_profile",
  description: "Ask the run's own user for their profile.",
  parameters: z.object({ user_id: z.string(), name: z.string().min(2), age: z.int().min(18) }),
  requiresUserInput: true,
  userInputFields: ["name", "age"],
  execute: ({ name, age }) => `${name} is ${age}.`,
});

/** With all that a policy can say. */
const payOut = approval(
  tool({
    name: "pay_out",
    description: "Pay out an amount.",
    parameters: z.object({ amount: z.number(), to: z.string(), code: z.string() }),
    execute: ({ amount, to }) => `${amount} have been paid to ${to}.`,
  }),
  {
    quorum: 2,
    expiresIn: "4h",
    risk: "high",
    reasons: ["too much", "wrong account"],
    secret: ["code"],
    edit: ["amount"],
    remind: ["1h"],
    escalate: [{ after: "2h", to: ["group:leads"] }],
    preview: ({ amount, to }) => `Pays ${String(amount)} EUR to ${String(to)}, today.`,
  },
);

/** What people are asked about by mail: with a link that decides, and, as everywhere else, without. */
const [sendByMail, sendPlainly] = (["email", null] as const).map((minAssurance) =>
  approval(
    tool({
      name: minAssurance === null ? "send_plainly" : "send_by_mail",
      parameters: z.object({ to: z.string() }),
      execute: ({ to }) => `It has been sent to ${to}.`,
    }),
    { approvers: ["ann@example.com"], minAssurance, reasons: ["too much", "wrong account"] },
  ),
) as [Tool, Tool];

/** What was sent by mail, to be read by the tests. */
const mails: EmailMessage[] = [];

const desk = new Agent({
  id: "desk",
  name: "Desk",
  model: scripted,
  tools: [
    sendText,
    setProfile,
    callBank,
    sendParcel,
    sendSoon,
    payOut,
    rename,
    askProfile,
    sendByMail,
    sendPlainly,
  ],
});

/** What starts by itself: a webhook that has its token, one that has not, and a schedule. */
const triggers = [
  webhook<{ message?: string; broken?: string }>({
    id: "front-desk",
    agent: "desk",
    verify: bearer({ secretVariable: "FRONT_DESK_TOKEN" }),
    input({ body: { broken, message } }) {
      if (broken !== undefined) throw new Error(broken);
      return message === undefined ? undefined : { message };
    },
  }),
  webhook({
    id: "back-desk",
    agent: "desk",
    verify: bearer({ secretVariable: "BACK_DESK_TOKEN" }),
    events: ["parcel.lost", "parcel.found"],
  }),
  schedule({
    id: "weekly",
    agent: "desk",
    cron: "30 6 * * MON",
    timezone: "Europe/Berlin",
    message: "[]",
  }),
];

const os = new AgentOS({
  agents: [dataManager, hackerNews, orderDesk, desk, speaker],
  teams: [supportTeam],
  db: new D1Db({ binding: "DB" }),
  triggers,
  channels: [
    email({
      from: "kern@example.com",
      async transport(message) {
        return { id: String(mails.push(message)) };
      },
    }),
  ],
});

export class Run extends os.Run {}
export class Feed extends os.Feed {}

const app = os.getApp();
app.post("/next", (c) => {
  said.next += 1;
  return c.json({});
});
app.get("/sent-mails", (c) => c.json({ mails }));
export default app;
