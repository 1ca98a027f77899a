import { expect, test } from "vitest";
import { sweep } from "../../src/os/sweep.ts";
import { bindings } from "../client.ts";
import { db } from "../database.ts";
import { clock } from "../world.ts";

test("a database that cannot forget what is old keeps nothing from being swept", async () => {
  const store = db.connect(bindings);
  const asked: string[] = [];
  const sessions = {
    ...store.sessions,
    leftBehind: async () => {
      asked.push("left behind");
      return [];
    },
  };
  const prune = async () => {
    asked.push("prune");
    throw new Error("too much at once");
  };
  const faulty = Object.assign(Object.create(store) as typeof store, {
    prune,
    sessions,
    stuckRuns: async () => [],
    overdueRuns: async () => [],
    pausedRuns: async () => [],
  });
  await expect(sweep(bindings, faulty, { channels: [], now: clock.now })).rejects.toThrow(
    "too much at once",
  );
  expect(asked).toEqual(["left behind", "prune"]);
});
