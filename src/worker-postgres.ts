import { PostgresDb } from "kern/db/postgres";
import { AgentOS } from "kern/os";
import { dataManager } from "./agents/data-manager.ts";
import { hackerNews } from "./agents/hacker-news.ts";
import { orderDesk } from "./agents/order-desk.ts";
import { supportTeam } from "./agents/support-team.ts";

const os = new AgentOS({
  agents: [dataManager, hackerNews, orderDesk],
  teams: [supportTeam],
  db: new PostgresDb({ binding: "HYPERDRIVE" }),
});

export class Run extends os.Run {}
export class Feed extends os.Feed {}
export default os.getApp();
