import { D1Db } from "kern/db/d1";
import { AgentOS } from "kern/os";
import { standardWebhooks, webhook } from "kern/triggers";
import { dataManager } from "../src/agents/data-manager.ts";

/** Kern as anybody would serve it whose agent is started by events. */
const os = new AgentOS({
  agents: [dataManager],
  db: new D1Db({ binding: "DB" }),
  triggers: [webhook({ id: "crm", agent: "data-manager", verify: standardWebhooks() })],
});

export class Run extends os.Run {}
export class Feed extends os.Feed {}
export default os.getApp();
