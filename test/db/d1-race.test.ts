import { afterAll, beforeAll, expect, test } from "vitest";
import { D1Db } from "../../src/db/d1.ts";
import { approvalRow } from "./rows.ts";
import { DB, removeMany, store, storeMany } from "./many.ts";

beforeAll(async () => storeMany(60));
afterAll(removeMany);

test("a list repeats nothing, though approvals are added while its first page is read", async () => {
  let n = 0;
  // Ten approvals are added after every answer of the database's.
  const late = () => {
    n += 1;
    return approvalRow({ id: `late-${n}`, user_id: "zoe" }, { created_at_ms: 20_000 + n });
  };
  const added = async () => store.project(null, Array.from({ length: 10 }, late));
  const busyStatement = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          const given: unknown = Reflect.apply(value, target, args);
          if (name === "bind") return busyStatement(given as D1PreparedStatement);
          return (given as Promise<unknown>).then(async (answer) => {
            await added();
            return answer;
          });
        };
      },
    });
  const busy = {
    prepare: (text: string) => busyStatement(DB.prepare(text)),
    async batch(statements: D1PreparedStatement[]) {
      const answers = await DB.batch(statements);
      await added();
      return answers;
    },
  };
  const slow = new D1Db({ binding: "DB" }).connect({ DB: busy });
  const filter = { user_id: "zoe", agent_id: "old" };
  const first = await slow.listApprovals(filter, { limit: 100, offset: 0 });
  const after = first.next ?? { created_at_ms: 0, id: "" };
  const second = await store.listApprovals(filter, { limit: 100, after });
  const ids = [...first.records, ...second.records].map(({ id }) => id);
  expect(first.next).not.toBeNull();
  expect(ids.length).toBe(60);
  expect(new Set(ids).size).toBe(60);
});
