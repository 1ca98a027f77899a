import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { Disk } from "./instance.ts";

/** An object's storage in Node's memory. */
export function memoryDisk(): Disk {
  const database = new DatabaseSync(":memory:");
  const prepared = new Map<string, StatementSync>();
  const statement = (text: string): StatementSync => {
    const found = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, found);
    return found;
  };
  return {
    sql: {
      exec(text, ...values) {
        if (values.length === 0 && !text.startsWith("SELECT")) {
          database.exec(text);
          return { toArray: () => [] };
        }
        const rows = statement(text).all(...(values as SQLInputValue[]));
        return { toArray: () => rows };
      },
    },
    transactionSync(code) {
      database.exec("BEGIN");
      try {
        code();
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    contextOf: (storage) => ({ storage, waitUntil: () => undefined }) as never,
  };
}
