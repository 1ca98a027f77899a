import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { OpenAIChat } from "kern/models/openai";
import { Team } from "kern/team";
import { tool } from "kern/tools";
import { z } from "zod";

const model = new OpenAIChat({ id: "gpt-4o-mini" });
const account_id = z.string().describe("The id of the account, such as acc-7.");

/** Changes nothing, so it needs nobody. */
const lookUpAccount = tool({
  name: "look_up_account",
  description: "Look an account up.",
  parameters: z.object({ account_id }),
  idempotent: true,
  execute: ({ account_id }) =>
    `Account ${account_id} has been open for ${account_id.length} years.`,
});

/** A member's tool: the approval stops the member's run, and the team's with it. */
const closeAccount = approval(
  tool({
    name: "close_account",
    description: "Close an account for good.",
    parameters: z.object({ account_id }),
    execute: ({ account_id }) => `Account ${account_id} has been closed.`,
  }),
);

/** The team's own tool: its leader may write to customers, once somebody has read to whom. */
const sendApology = approval(
  tool({
    name: "send_apology",
    description: "Send an apology to a customer by mail.",
    parameters: z.object({ email: z.email() }),
    execute: ({ email }) => `An apology has been sent to ${email}.`,
  }),
);

const accountKeeper = new Agent({
  id: "account-keeper",
  name: "Account Keeper",
  description: "Looks accounts up and closes them.",
  model,
  tools: [lookUpAccount, closeAccount],
  instructions: ["You look after accounts."],
});

export const supportTeam = new Team({
  id: "support-team",
  name: "Support Team",
  model,
  members: [accountKeeper],
  tools: [sendApology],
  instructions: ["You lead the support team. Hand what concerns accounts to your members."],
  examples: ["Close account acc-7", "Close account acc-8 and send an apology to bob@example.com"],
});
