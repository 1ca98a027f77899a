import { z } from "zod";
import { Agent } from "../src/agent/agent.ts";
import { Team } from "../src/agent/team.ts";
import { approval } from "../src/approval/approval.ts";
import { OpenAIChat } from "../src/models/openai.ts";
import { AgentOS } from "../src/os/agent-os.ts";
import { type Reconciliation, tool } from "../src/tools/tool.ts";
import { testChannels } from "./channels/channels.ts";
import { act } from "./act.ts";
import { pauseTools } from "./pause-tools.ts";
import { panelTriggers } from "./panel/panel-triggers.ts";
import { policyTools } from "./policy-tools.ts";
import { mailTools } from "./channels/mail-tools.ts";
import { stormTrigger } from "./triggers/storm-trigger.ts";
import { policyAttackTools } from "./attack/policy-attack-tools.ts";
import { testTriggers } from "./triggers/triggers.ts";
import { chat, clock, effects, FaultyDb } from "./world.ts";

const model = new OpenAIChat({
  id: "gpt-4o-mini",
  apiKey: "sk-test",
  fetch: chat.fetch,
  idleTimeoutMs: 200,
});
const user = z.object({ user_id: z.string() });

/** What the world remembers of calls, for `reconcile`. */
function lookBack(key: string): Reconciliation {
  return effects.some((effect) => effect.key === key)
    ? { status: "done", result: "It had been done." }
    : { status: "not_done" };
}

const deleteUserData = approval(
  tool({
    name: "delete_user_data",
    description: "Permanently delete all data for a user. Requires admin approval.",
    parameters: user,
    execute: async ({ user_id }, ctx) =>
      act("delete_user_data", { user_id }, ctx, `All data for user ${user_id} has been deleted.`),
  }),
);

const refund = approval({ expiresIn: "4h" })(
  tool({
    name: "refund",
    description: "Refund an amount.",
    parameters: z.object({
      amount: z.number().default(1000),
      currency: z.enum(["EUR", "USD"]).default("EUR"),
    }),
    execute: async (args, ctx) =>
      act("refund", args, ctx, `Refunded ${args.amount} ${args.currency}.`),
  }),
);

const ship = approval(
  tool({
    name: "ship",
    description: "Ship an order; the shop can be asked whether it was shipped.",
    parameters: z.object({ order: z.string() }),
    reconcile: (key) => lookBack(key),
    execute: async (args, ctx) => act("ship", args, ctx, `Shipped ${args.order}.`),
  }),
);

const setFlag = approval(
  tool({
    name: "set_flag",
    description: "Set a flag; setting it twice changes nothing.",
    parameters: z.object({ flag: z.string() }),
    idempotent: true,
    execute: async (args, ctx) => act("set_flag", args, ctx, `Set ${args.flag}.`),
  }),
);

const lookUp = tool({
  name: "look_up",
  description: "Look a user up.",
  parameters: user,
  idempotent: true,
  execute: async ({ user_id }, ctx) => act("look_up", { user_id }, ctx, `${user_id} is known.`),
});

const post = tool({
  name: "post",
  description: "Post a message; it cannot be taken back.",
  parameters: z.object({ text: z.string() }),
  execute: async (args, ctx) => act("post", args, ctx, "Posted."),
});

const fail = tool({
  name: "fail",
  description: "Fails.",
  parameters: z.object({}),
  execute: () => {
    throw new Error("the disk is full");
  },
});

const slow = tool({
  name: "slow",
  description: "Never answers.",
  parameters: z.object({}),
  timeoutMs: 30,
  execute: () => new Promise(() => undefined),
});

const huge = tool({
  name: "huge",
  description: "Answers more than anyone reads.",
  parameters: z.object({}),
  execute: () => "x".repeat(600_000),
});

const confirmOnly = tool({
  name: "rename",
  description: "Rename a user, after asking them.",
  parameters: user.extend({ name: z.string() }),
  requiresConfirmation: true,
  execute: async (args, ctx) => act("rename", args, ctx, `Renamed to ${args.name}.`),
});

const payOut = approval(
  tool({
    name: "pay_out",
    description: "Pay out to an account that a person names.",
    parameters: z.object({ amount: z.number(), account: z.string() }),
    requiresUserInput: true,
    userInputFields: ["account"],
    execute: async (args, ctx) =>
      act("pay_out", args, ctx, `Paid ${args.amount} to ${args.account}.`),
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

const askLab = tool({
  name: "ask_lab",
  description: "The run's own user asks the lab.",
  parameters: z.object({ sample: z.string() }),
  externalExecution: true,
});

const audited = approval({ type: "audit" })(
  tool({
    name: "notify",
    description: "Notify a user; recorded.",
    parameters: user,
    execute: async (args, ctx) => act("notify", args, ctx, "Notified."),
  }),
);

export const agent = new Agent({
  id: "tester",
  name: "Tester",
  model,
  tools: [
    deleteUserData,
    refund,
    ship,
    setFlag,
    lookUp,
    post,
    fail,
    slow,
    huge,
    confirmOnly,
    payOut,
    callBank,
    askLab,
    audited,
    ...pauseTools,
    ...policyTools,
    ...policyAttackTools,
    ...mailTools,
  ],
  instructions: ["You test."],
});

export const short = new Agent({
  id: "short",
  model,
  tools: [lookUp],
  maxSteps: 3,
  addHistoryToContext: 2,
  examples: ["Look u-1 up", "Say <b>hello</b>"],
});

const clerk = new Agent({
  id: "clerk",
  name: "Clerk",
  model,
  description: "Deletes and looks up.",
  tools: [deleteUserData, lookUp, confirmOnly, payOut, audited],
});
/** Has tools of the names that others must ask for, and asks nobody. */
const careless = new Agent({
  id: "careless",
  model,
  tools: [
    tool({
      name: "delete_user_data",
      description: "Delete a user's data, at once.",
      parameters: user,
      execute: async (args, ctx) => act("delete_user_data", args, ctx, "Deleted at once."),
    }),
    tool({
      name: "refund",
      description: "Refund an amount, at once.",
      parameters: z.object({
        amount: z.number().default(1000),
        currency: z.enum(["EUR", "USD"]).default("EUR"),
      }),
      execute: async (args, ctx) => act("refund", args, ctx, "Refunded at once."),
    }),
    lookUp,
  ],
});
const inner = new Team({ id: "inner", model, members: [clerk], tools: [refund] });
const middle = new Team({ id: "middle", model, members: [inner] });
export const crew = new Team({
  id: "crew",
  name: "Crew",
  model,
  members: [agent, clerk, middle, careless],
  tools: [deleteUserData, setFlag, audited, confirmOnly],
  instructions: ["You lead."],
});

const os = new AgentOS({
  agents: [agent, short],
  teams: [crew],
  db: new FaultyDb(),
  channels: testChannels,
  triggers: [...testTriggers, ...panelTriggers, stormTrigger],
  url: "https://kern.example.com",
  now: clock.now,
});

export class Run extends os.Run {}
export class Feed extends os.Feed {}
export default os.getApp();
