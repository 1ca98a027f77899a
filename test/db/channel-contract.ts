import { describe, expect, test } from "vitest";
import type { DeliveryRow, LinkCode, LinkRow } from "../../src/run/channel-store.ts";
import type { Store } from "../../src/run/store.ts";

/** What every store keeps to with what channels need. */
export function channelContract(store: () => Store): void {
  describe("deliveries", () => {
    test("each attempt counts, and the last says how it stands", async () => {
      const { deliveries } = store();
      await deliveries.note(delivery({ status: "failed", error: "漢字 'it''s' \u0000" }));
      await deliveries.note(delivery({ status: "delivered", error: null, updated_at_ms: 9 }));
      expect(await deliveries.read("msg_1")).toEqual({
        ...delivery({ updated_at_ms: 9 }),
        attempts: 2,
      });
      expect(await deliveries.read("msg_2")).toBeNull();
    });

    test("the newest come first, filters hold, and pages neither repeat nor miss one", async () => {
      const { deliveries } = store();
      for (const [index, id] of ["a", "b", "c", "d", "e"].entries())
        await deliveries.note(
          delivery({
            id,
            created_at_ms: Math.floor(index / 2),
            status: index % 2 === 0 ? "failed" : "delivered",
            approval_id: id === "c" ? "apr_c" : null,
          }),
        );
      const ids = async (filter: object, after: DeliveryRow | null = null) =>
        (await deliveries.list(filter, { limit: 2, after })).map(({ id }) => id);
      expect(await ids({})).toEqual(["e", "d"]);
      expect(await ids({}, await deliveries.read("d"))).toEqual(["c", "b"]);
      expect(await ids({}, await deliveries.read("b"))).toEqual(["a"]);
      expect(await ids({ status: "failed" })).toEqual(["e", "c"]);
      expect(await ids({ approval_id: "apr_c" })).toEqual(["c"]);
      expect(await ids({ channel: "other" })).toEqual([]);
      expect(await ids({ run_id: "run_1" })).toEqual(["e", "d"]);
    });

    test("what has failed of one channel and was last tried before a moment names its runs, the longest ago first", async () => {
      const { deliveries } = store();
      for (const [id, fields] of [
        ["a", { run_id: "run_2", updated_at_ms: 4 }],
        ["b", { run_id: "run_1", updated_at_ms: 3 }],
        ["c", { run_id: "run_2", updated_at_ms: 3 }],
        ["d", { run_id: "run_3", updated_at_ms: 4 }],
        ["fresh", { run_id: "run_4", updated_at_ms: 5 }],
        ["elsewhere", { run_id: "run_5", channel: "other" }],
        ["told", { run_id: "run_6", status: "delivered" }],
        ["gone", { run_id: "run_7", status: "gone" }],
        ["old", { run_id: "run_8", created_at_ms: -1 }],
      ] as const)
        await deliveries.note(delivery({ id, status: "failed", ...fields }));
      const all = { runs: ["run_1", "run_2", "run_3"], next: null };
      expect(await deliveries.stale("hook", { sinceMs: 0, beforeMs: 5 }, 9)).toEqual(all);
      expect(await deliveries.stale("hook", { sinceMs: 0, beforeMs: 3 }, 9)).toEqual({
        runs: [],
        next: null,
      });
      const first = await deliveries.stale("hook", { sinceMs: 0, beforeMs: 5 }, 3);
      expect(first).toEqual({ runs: ["run_1", "run_2"], next: { updated_at_ms: 4, id: "a" } });
      const { next } = first;
      if (next === null) throw new Error("There is no next page.");
      expect(await deliveries.stale("hook", { sinceMs: 0, beforeMs: 5 }, 3, next)).toEqual({
        runs: ["run_3"],
        next: null,
      });
      // One that was tried again meanwhile, whichever way, is not found any more.
      await deliveries.note(delivery({ id: "b", status: "delivered", updated_at_ms: 9 }));
      await deliveries.note(delivery({ id: "d", status: "failed", updated_at_ms: 9 }));
      expect(await deliveries.stale("hook", { sinceMs: 0, beforeMs: 5 }, 9)).toEqual({
        runs: ["run_2"],
        next: null,
      });
    });
  });

  test("a channel that is closed stays so with the first reason until it is opened", async () => {
    const { channels } = store();
    expect(await channels.closed()).toEqual([]);
    await channels.close({ id: "hook", closed_at_ms: 1, reason: "gone" });
    await channels.close({ id: "hook", closed_at_ms: 2, reason: "again" });
    expect(await channels.closed()).toEqual([{ id: "hook", closed_at_ms: 1, reason: "gone" }]);
    await channels.open("hook");
    await channels.open("hook");
    expect(await channels.closed()).toEqual([]);
  });

  describe("links", () => {
    test("a code is taken by one of many who ask at once, and by nobody once it has expired", async () => {
      const { links } = store();
      await links.offer(code());
      await links.offer(code({ hash: "late", expires_at_ms: 5 }));
      const redeemed = await Promise.all(Array.from({ length: 10 }, () => links.redeem("h", 5)));
      expect(redeemed.filter((one) => one !== null)).toEqual([code()]);
      expect(await links.redeem("late", 5)).toBeNull();
    });

    test("an account stands for whom it was linked to last, and for nobody once its time is over", async () => {
      const { links } = store();
      await links.set(link());
      await links.set(link({ principal: "bob", expires_at_ms: 50 }));
      expect(await links.read("slack:T1:U1", 49)).toEqual(
        link({ principal: "bob", expires_at_ms: 50 }),
      );
      expect(await links.read("slack:T1:U1", 50)).toBeNull();
      expect(await links.of("ann")).toEqual([]);
      expect(await links.remove("slack:T1:U1", "ann")).toBe(false);
      expect(await links.remove("slack:T1:U1", "bob")).toBe(true);
      expect(await links.of("bob")).toEqual([]);
      await links.set(link());
      expect(await links.remove("slack:T1:U1", null)).toBe(true);
      expect(await links.remove("slack:T1:U1", null)).toBe(false);
    });

    test("those of one workspace are listed by their ids, without what has expired, and no more than asked for", async () => {
      const { links } = store();
      for (const [id, expires_at_ms] of [
        ["slack:-:T2:U1", 100],
        ["slack:-:T1:Ub", 100],
        ["slack:-:T1:U%", 100],
        ["slack:-:T1:UB", 51],
        ["slack:-:T1:Ua", 50],
        ["slack:-:T11:U1", 100],
        ["Slack:-:T1:U1", 100],
        ["slack:-_T1:U1", 100],
      ] as const)
        await links.set(link({ id, expires_at_ms }));
      const ids = async (prefix: string, limit: number) =>
        (await links.list(prefix, 50, limit)).map(({ id }) => id);
      expect(await ids("slack:-:T1:", 9)).toEqual([
        "slack:-:T1:U%",
        "slack:-:T1:UB",
        "slack:-:T1:Ub",
      ]);
      expect(await ids("slack:-:T1:", 2)).toEqual(["slack:-:T1:U%", "slack:-:T1:UB"]);
      expect(await ids("slack:-:T3:", 9)).toEqual([]);
      expect(await links.list("slack:-:T2:", 50, 9)).toEqual([link({ id: "slack:-:T2:U1" })]);
    });
  });

  test("a token is spent once by one of many, and again only once it was given back", async () => {
    const { tokens } = store();
    const spent = await Promise.all(Array.from({ length: 10 }, () => tokens.spend("t", 9)));
    expect(spent.filter(Boolean)).toHaveLength(1);
    await tokens.restore("t");
    expect([await tokens.spend("t", 9), await tokens.spend("t", 9)]).toEqual([true, false]);
  });

  test("what has expired is forgotten, and nothing else", async () => {
    const { deliveries, links, tokens } = store();
    await deliveries.note(delivery({ id: "old", created_at_ms: 4 }));
    await deliveries.note(delivery({ id: "new", created_at_ms: 5 }));
    for (const [id, expires_at_ms] of [
      ["old", 9],
      ["new", 10],
    ] as const) {
      await links.set(link({ id, expires_at_ms }));
      await links.offer(code({ hash: id, expires_at_ms }));
      await tokens.spend(id, expires_at_ms);
    }
    await store().prune(10, 5);
    const page = { limit: 9, after: null };
    expect((await deliveries.list({}, page)).map(({ id }) => id)).toEqual(["new"]);
    expect((await links.of("ann")).map(({ id }) => id)).toEqual(["new"]);
    expect([await links.redeem("old", 0), (await links.redeem("new", 0))?.hash]).toEqual([
      null,
      "new",
    ]);
    expect([await tokens.spend("old", 9), await tokens.spend("new", 9)]).toEqual([true, false]);
  });
}

function delivery(fields: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id: "msg_1",
    channel: "hook",
    type: "approval.pending",
    run_id: "run_1",
    approval_id: null,
    status: "delivered",
    attempts: 1,
    error: null,
    created_at_ms: 1,
    updated_at_ms: 1,
    ...fields,
  };
}

function code(fields: Partial<LinkCode> = {}): LinkCode {
  return { hash: "h", principal: "ann", person: `{"id":"ann"}`, expires_at_ms: 10, ...fields };
}

function link(fields: Partial<LinkRow> = {}): LinkRow {
  return {
    id: "slack:T1:U1",
    name: "Ann 漢字",
    principal: "ann",
    person: `{"id":"ann"}`,
    linked_at_ms: 1,
    expires_at_ms: 100,
    ...fields,
  };
}
