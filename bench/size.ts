import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { temporaryFolder } from "../scripts/temporary-folder.ts";
import type { Aim } from "./aims.ts";
import { bundle, root } from "./build.ts";
import { serve } from "./runtime.ts";
import { spread, type Spread } from "./statistics.ts";
import { kern } from "./world.ts";

/** The Worker as it is deployed. */
export interface Size {
  bytes: number;
  gzipBytes: number;
  /** From nothing to the first answer, beyond what an empty Worker takes, in milliseconds. */
  startUpMs: Spread;
}

const starts = 5;

export async function measureSize(modelUrl: string): Promise<Size> {
  const folder = temporaryFolder();
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  const dryRun = ["deploy", "--dry-run", "--minify", "--outdir", folder];
  execFileSync(process.execPath, [wrangler, ...dryRun], { cwd: root, stdio: "pipe" });
  const built = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const files = built.map((name) => readFileSync(join(folder, name)));

  const script = join(folder, "worker.mjs");
  await bundle(kern.path, script);
  const empty = join(folder, "empty.mjs");
  writeFileSync(empty, "export default { fetch: () => new Response() };");
  const differences: number[] = [];
  for (let n = 0; n < starts; n++) {
    const emptyMs = await startUp({ script: empty, objects: {} }, join(folder, `e${n}`), modelUrl);
    const ownMs = await startUp({ script, objects: kern.objects }, join(folder, `k${n}`), modelUrl);
    differences.push(ownMs - emptyMs);
  }
  return {
    bytes: files.reduce((sum, { length }) => sum + length, 0),
    gzipBytes: files.reduce((sum, file) => sum + gzipSync(file).length, 0),
    startUpMs: spread(differences),
  };
}

export function sizeAims({ gzipBytes }: Size): Aim[] {
  return [{ name: "the Worker, compressed", limit: 300, unit: "KiB", value: gzipBytes / 1024 }];
}

async function startUp(
  worker: Parameters<typeof serve>[0]["workers"][number],
  folder: string,
  modelUrl: string,
): Promise<number> {
  const startedMs = performance.now();
  const { close, urls } = await serve({ workers: [worker], folder, modelUrl, migrations: [] });
  await fetch(`${urls[0]}/health`);
  const tookMs = performance.now() - startedMs;
  await close();
  return tookMs;
}
