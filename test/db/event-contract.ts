import { describe, expect, test } from "vitest";
import type { Store } from "../../src/run/store.ts";
import type { EventRow } from "../../src/run/trigger-store.ts";

const mebibyte = 1024 * 1024;

/** What every store keeps to with what came in by webhooks. */
export function eventContract(store: () => Store): void {
  describe("events", () => {
    test("one that was told twice counts two deliveries, with what came in first and what came of it last", async () => {
      const { events } = store();
      const first = event({ status: "failed", run_id: null, error: "no such issue" });
      await events.note(first);
      expect(await events.read("evt_1")).toEqual({ ...first, deliveries: 1, replays: 0 });
      const again = { body: "another", headers: "[]", type: "another", webhook: "another" };
      await events.note(event({ ...again, created_at_ms: 7, updated_at_ms: 7 }));
      expect(await events.read("evt_1")).toEqual({
        ...event({ updated_at_ms: 7 }),
        deliveries: 2,
        replays: 0,
      });
      expect(await events.read("evt_2")).toBeNull();
    });

    test("deliveries that come at once are all counted", async () => {
      const { events } = store();
      await Promise.all(Array.from({ length: 20 }, () => events.note(event())));
      expect(await events.read("evt_1")).toMatchObject({ deliveries: 20 });
    });

    test("a replay is counted by itself, says what came of it, and makes no event", async () => {
      const { events } = store();
      await events.note(event({ status: "failed", run_id: null, error: "no such issue" }));
      const told = { status: "started", run_id: "run_2", error: null, updated_at_ms: 9 } as const;
      await events.replayed({ id: "evt_1", ...told });
      await events.replayed({ id: "evt_2", ...told });
      expect(await events.read("evt_1")).toEqual({
        ...event(told),
        deliveries: 1,
        replays: 1,
      });
      expect(await events.read("evt_2")).toBeNull();
    });

    test.each([
      ["nothing", ""],
      ["NULs and what is no character", `\u0000a\uFFFF\uFFFE\uFFFF\u0000 '";-- \u0007 \u2028`],
      ["what is beyond the basic plane", "漢字 🙈 \u{10FFFF}"],
      ["a MiB of letters", "a".repeat(mebibyte)],
      ["a MiB of NULs", "\u0000".repeat(mebibyte)],
      ["a MiB of quotes", `"`.repeat(mebibyte)],
    ])("a body of %s comes back as it was sent", async (_name, body) => {
      const { events } = store();
      const odd = body.slice(0, 99);
      await events.note(event({ body, type: odd, error: odd, headers: JSON.stringify([odd]) }));
      const read = await events.read("evt_1");
      expect(read?.body === body).toBe(true);
      expect([read?.type, read?.error, read?.headers]).toEqual([odd, odd, JSON.stringify([odd])]);
    });

    test("half a surrogate pair comes back as the character for what is no character", async () => {
      const { events } = store();
      await events.note(event({ body: "a\uD800b" }));
      expect((await events.read("evt_1"))?.body).toBe("a\uFFFDb");
    });

    test("what is too long is kept up to where it is, in whole characters", async () => {
      const { events } = store();
      const long = "漢".repeat(mebibyte);
      await events.note(event({ body: long, type: long, error: long }));
      const read = await events.read("evt_1");
      expect(read?.body === long.slice(0, Math.floor(mebibyte / 3))).toBe(true);
      expect(read?.type).toBe(long.slice(0, Math.floor(1024 / 3)));
      expect(read?.error).toBe(long.slice(0, Math.floor((16 * 1024) / 3)));
      await events.replayed({ ...event(), error: long });
      expect((await events.read("evt_1"))?.error).toBe(read?.error);
    });

    test("the newest come first, without what came in, filters hold, and pages neither repeat nor miss one", async () => {
      const { events } = store();
      for (const [index, id] of ["a", "b", "c", "d", "e"].entries())
        await events.note(
          event({
            id,
            created_at_ms: Math.floor(index / 2),
            status: index % 2 === 0 ? "failed" : "started",
            webhook: id === "c" ? "other" : "github",
          }),
        );
      const list = (filter: object, after: EventRow | null = null) =>
        events.list(filter, { limit: 2, after });
      const ids = async (...asked: Parameters<typeof list>) =>
        (await list(...asked)).map(({ id }) => id);
      const { body: _body, headers: _headers, ...newest } = event({ id: "e", status: "failed" });
      expect((await list({}))[0]).toEqual({
        ...newest,
        created_at_ms: 2,
        deliveries: 1,
        replays: 0,
      });
      expect(await ids({})).toEqual(["e", "d"]);
      expect(await ids({}, await events.read("d"))).toEqual(["c", "b"]);
      expect(await ids({}, await events.read("b"))).toEqual(["a"]);
      expect(await ids({ webhook: "github" }, await events.read("d"))).toEqual(["b", "a"]);
      expect(await ids({ webhook: "other" })).toEqual(["c"]);
      expect(await ids({ status: "failed" })).toEqual(["e", "c"]);
      expect(await ids({ status: "started", webhook: "other" })).toEqual([]);
      expect(await ids({ run_id: "run_1" })).toEqual(["e", "d"]);
      expect(await ids({ run_id: "\u0000" })).toEqual([]);
    });

    test("those of before a moment are forgotten", async () => {
      const { events } = store();
      await events.note(event({ id: "old", created_at_ms: 4, updated_at_ms: 9 }));
      await events.note(event({ id: "new", created_at_ms: 5 }));
      await store().prune(9, 5);
      const left = await events.list({}, { limit: 9, after: null });
      expect(left.map(({ id }) => id)).toEqual(["new"]);
    });
  });
}

type Noted = Omit<EventRow, "deliveries" | "replays">;

function event(fields: Partial<Noted> = {}): Noted {
  return {
    id: "evt_1",
    webhook: "github",
    type: "issues.labeled",
    status: "started",
    run_id: "run_1",
    error: null,
    created_at_ms: 1,
    updated_at_ms: 1,
    headers: `{"x-github-event":"issues"}`,
    body: `{"action":"labeled"}`,
    ...fields,
  };
}
