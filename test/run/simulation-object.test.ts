import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { stub } from "../client.ts";
import type { Disk } from "./simulation/object/instance.ts";
import { play } from "./simulation/object/play.ts";

/** `npm run simulate -- --seeds 100000` plays as many; the suite plays a slice. */
const seeds = Number(process.env["KERN_SEEDS"] || 400);

/** What must have happened somewhere in the stories, or they prove nothing. */
const expected = [
  "killed before a row is stored",
  "killed after a row was stored",
  "killed before the cursor moves",
  "killed after the cursor moved",
  "killed between the delivery and the cursor",
  "killed while the model is asked",
  "killed as the model answers",
  "killed while a tool is at work, before its effect",
  "killed while a tool is at work, after its effect",
  "killed at a random time",
  "killed by a deployment",
  "the alarm rings",
  "a message is lost",
  "a message is doubled",
  "the database fails after it committed",
  "the storage refuses to write",
  "the kill switch is turned on",
  "the kill switch is turned off",
  "the kill switch cannot be read",
  "a kill switch holds a run",
  "ends as COMPLETED",
  "ends as CANCELLED",
  "ends as PAUSED",
];

test(
  "whatever is lost, doubled, overtaken or killed, and whenever: no invariant breaks, and the run comes to rest",
  async () => {
    const happened = new Set<string>();
    await withDisk("stories", async (disk) => {
      for (let seed = 1; seed <= seeds; seed++) {
        const { broken, counts, trace } = await play(seed, disk);
        expect(broken, trace.join("\n")).toEqual([]);
        for (const kind of counts.keys()) happened.add(kind);
      }
    });
    expect([...happened]).toEqual(expect.arrayContaining(expected));
  },
  60_000 + seeds * 60,
);

test("the same seed is the same story, to the byte", async () => {
  await withDisk("twice", async (disk) => {
    for (const seed of [7, 77, 777]) {
      const first = await play(seed, disk);
      const second = await play(seed, disk);
      expect(first.trace.length).toBeGreaterThan(20);
      expect(second.trace.join("\n")).toBe(first.trace.join("\n"));
    }
  });
});

/** The stories are played in a real object's storage; everything else around the object is the simulation's. */
async function withDisk(name: string, code: (disk: Disk) => Promise<void>): Promise<void> {
  await runInDurableObject(stub(`simulated ${name}`), async (_, ctx) => {
    const { storage } = ctx;
    await code({
      sql: { exec: (text, ...values) => storage.sql.exec(text, ...(values as string[])) },
      transactionSync: (inner) => storage.transactionSync(inner),
      contextOf(ours) {
        Object.defineProperty(ctx, "storage", { value: ours, configurable: true });
        return ctx;
      },
    });
  });
}
