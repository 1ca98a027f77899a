import { PostgresDb } from "kern/db/postgres";
import { AgentOS } from "kern/os";
import { dataManager } from "./agents/data-manager.ts";

const os = new AgentOS({ agents: [dataManager], db: new PostgresDb({ binding: "HYPERDRIVE" }) });

export class Run extends os.Run {}
export class Feed extends os.Feed {}
export default os.getApp();
