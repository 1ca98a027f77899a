import { describe, expect, test } from "vitest";
import type { ApiKeyRow, Store } from "../../src/run/store.ts";

/** What every store keeps to with API keys. */
export function apiKeyContract(store: () => Store): void {
  describe("API keys", () => {
    test("one that was added is read and listed as it was, the newest first", async () => {
      const { apiKeys } = store();
      const odd = keyRow({ id: "b", name: "漢字 'it''s' \u0000", created_at_ms: 2 });
      for (const key of [keyRow({ id: "a" }), odd, keyRow({ id: "c" })])
        expect(await apiKeys.add(key)).toBe(true);
      expect(await apiKeys.read("b")).toEqual(odd);
      expect(await apiKeys.read("B")).toBeNull();
      expect((await apiKeys.list(10)).map(({ id }) => id)).toEqual(["b", "c", "a"]);
      expect((await apiKeys.list(1)).map(({ id }) => id)).toEqual(["b"]);
    });

    test("adding is safe to repeat, and takes no id from another key", async () => {
      const { apiKeys } = store();
      expect([await apiKeys.add(keyRow()), await apiKeys.add(keyRow())]).toEqual([true, true]);
      expect(await apiKeys.add(keyRow({ hash: "other", scopes: ["agent_os:admin"] }))).toBe(false);
      expect(await apiKeys.list(10)).toEqual([keyRow()]);
    });

    test("one that was revoked stays, with the time of the first time", async () => {
      const { apiKeys } = store();
      await apiKeys.add(keyRow());
      expect([await apiKeys.revoke("key-1", 7), await apiKeys.revoke("key-1", 9)]).toEqual([
        true,
        true,
      ]);
      expect(await apiKeys.read("key-1")).toEqual(keyRow({ revoked_at_ms: 7 }));
      expect(await apiKeys.revoke("nothing", 9)).toBe(false);
    });
  });
}

function keyRow(fields: Partial<ApiKeyRow> = {}): ApiKeyRow {
  return {
    id: "key-1",
    name: "shop",
    hash: "h",
    last4: "abcd",
    scopes: ["agents:a:run"],
    groups: [],
    aliases: ["ann@example.com"],
    created_by: "root",
    created_at_ms: 1,
    expires_at_ms: 1_795_644_390_768,
    revoked_at_ms: null,
    ...fields,
  };
}
