import { D1Db } from "kern/db/d1";
import { AgentOS } from "kern/os";
import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { tool, type Tool } from "kern/tools";
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
      content: toolCalls.length === 0 ? "Done." : "",
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
  tools: [sendText, setProfile, callBank, payOut, sendByMail, sendPlainly],
});

const os = new AgentOS({
  agents: [dataManager, hackerNews, orderDesk, desk],
  teams: [supportTeam],
  db: new D1Db({ binding: "DB" }),
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
app.get("/sent-mails", (c) => c.json({ mails }));
export default app;
