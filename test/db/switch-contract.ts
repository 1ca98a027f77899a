import { describe, expect, test } from "vitest";
import { everyone, type Store, type SwitchRow } from "../../src/run/store.ts";

/** What every store keeps to with kill switches. */
export function switchContract(store: () => Store): void {
  describe("kill switches", () => {
    test("one that was turned is read and listed as it was turned last, whatever the clock of who did it says", async () => {
      const { switches } = store();
      expect(await switches.read([everyone, "a"])).toEqual([]);
      const odd = row({ id: "a", reason: "漢字 'it''s' \u0000", changed_at_ms: 9 });
      await switches.set(odd);
      await switches.set(row());
      expect(await switches.read(["a"])).toEqual([odd]);
      expect(await switches.read(["A"])).toEqual([]);
      expect(await switches.list()).toEqual([row(), odd]);
      const off = row({ id: "a", is_on: false, changed_by: "user:bob", changed_at_ms: 2 });
      await switches.set(off);
      await switches.set(off);
      expect(await switches.read([everyone, "a", "b"])).toHaveLength(2);
      expect(await switches.list()).toEqual([row(), off]);
    });
  });
}

function row(fields: Partial<SwitchRow> = {}): SwitchRow {
  const said = { is_on: true, reason: null, changed_by: "user:ann", changed_at_ms: 5 };
  return { id: everyone, ...said, ...fields };
}
