import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { D1Db } from "kern/db/d1";
import { OpenAIChat } from "kern/models/openai";
import { AgentOS } from "kern/os";
import { tool } from "kern/tools";
import { z } from "zod";

const db = new D1Db({ binding: "DB" });

export const deleteUserData = approval(
  tool({
    name: "delete_user_data",
    description: "Permanently delete all data for a user. Requires admin approval.",
    parameters: z.object({ user_id: z.string() }),
    execute: ({ user_id }) => `All data for user ${user_id} has been deleted.`,
  }),
);

const agent = new Agent({
  id: "data-manager",
  model: new OpenAIChat({ id: "gpt-4o-mini" }),
  tools: [deleteUserData],
  instructions: ["You help users manage data operations."],
  db,
});

const os = new AgentOS({ agents: [agent], db });
export class Run extends os.Run {} // Durable Objects, bound as RUNS and FEED
export class Feed extends os.Feed {}
export default os.getApp(); // a Hono app, with scheduled() beside fetch()
