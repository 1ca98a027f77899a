import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

const bindings = env as unknown as {
  DB: D1Database;
  KERN_DB: string;
  TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1];
};
// The other database was migrated when it was started; then what is asked of D1 fails.
if (bindings.KERN_DB === "d1") await applyD1Migrations(bindings.DB, bindings.TEST_MIGRATIONS);
