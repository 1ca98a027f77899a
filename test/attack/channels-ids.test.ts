import { expect, test } from "vitest";
import { channelId } from "../../src/channels/id.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { db } from "../database.ts";
import { agent, crew } from "../worker.ts";

test("no channel has an id under which there are routes of this service's own", () => {
  const app = new AgentOS({ agents: [agent], teams: [crew], db }).getApp();
  const own = new Set(app.routes.map(({ path }) => path.split("/")[1] ?? ""));
  const words = [...own].filter((word) => /^[a-z0-9]/.test(word));
  expect(words).toContain("approvals");
  const allowed = words.filter((word) => {
    try {
      return channelId(word) === word;
    } catch {
      return false;
    }
  });
  expect(allowed).toEqual([]);
});
