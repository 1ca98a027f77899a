import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { undoAtEnd } from "./run.ts";

/** A new folder, which is gone when the script has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kern-"));
  undoAtEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}
