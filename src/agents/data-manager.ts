import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { OpenAIChat } from "kern/models/openai";
import { tool } from "kern/tools";
import { z } from "zod";

/** Nothing is deleted before someone has approved this very call. */
const deleteUserData = approval(
  tool({
    name: "delete_user_data",
    description: "Permanently delete all data for a user. Requires admin approval.",
    parameters: z.object({ user_id: z.string().describe("The id of the user, such as u-42.") }),
    execute: ({ user_id }) => `All data for user ${user_id} has been deleted.`,
  }),
);

/** Looking something up changes nothing, so it needs nobody. */
const countUserRecords = tool({
  name: "count_user_records",
  description: "Count how many records are stored for a user.",
  parameters: z.object({ user_id: z.string().describe("The id of the user, such as u-42.") }),
  idempotent: true,
  execute: ({ user_id }) => `User ${user_id} has ${user_id.length * 7} records.`,
});

export const dataManager = new Agent({
  id: "data-manager",
  name: "Data Manager",
  model: new OpenAIChat({ id: "gpt-4o-mini" }),
  tools: [deleteUserData, countUserRecords],
  instructions: ["You help users manage data operations."],
  examples: ["Please delete user u-42", "Count the records of user u-42"],
});
