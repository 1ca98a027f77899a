import type { Agent } from "../../agent/agent.ts";
import type { Db } from "../../run/store.ts";
import type { Approvals } from "../approvals.ts";
import type { AuthOptions } from "../auth-options.ts";
import type { Channels } from "../channel-routes.ts";
import type { Door } from "../door.ts";
import type { Keys } from "../keys.ts";
import type { Links } from "../links.ts";
import type { Switches } from "../switches.ts";
import type { StartParts } from "../start-run.ts";
import type { Triggers } from "../triggers.ts";

/** What the pages are made of. */
export interface PanelParts extends StartParts {
  approvals: Approvals;
  keys: Keys;
  channels: Channels;
  links: Links;
  switches: Switches;
  triggers: Triggers;
  agents: ReadonlyMap<string, Agent>;
  teams: ReadonlyMap<string, Agent>;
  /** Every agent and team, members of teams included. */
  all: ReadonlyMap<string, Agent>;
  db: Db | null;
  auth: AuthOptions;
  /** Where people reach this service, where code says so. */
  url: string | null;
  doorOf: (env: object) => Door;
  now: () => number;
}
