import { Agent } from "kern/agent";
import { PostgresDb } from "kern/db/postgres";
import { OpenAIChat } from "kern/models/openai";
import { AgentOS } from "kern/os";
import { deleteUserData } from "./worker";

const db = new PostgresDb({ binding: "HYPERDRIVE" });

const agent = new Agent({
  id: "data-manager",
  model: new OpenAIChat({ id: "gpt-4o-mini" }),
  tools: [deleteUserData],
  db,
});

const os = new AgentOS({ agents: [agent], db });
export class Run extends os.Run {}
export class Feed extends os.Feed {}
export default os.getApp();
