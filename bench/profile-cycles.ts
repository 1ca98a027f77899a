import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { undoAtEnd } from "../scripts/run.ts";
import { freePort } from "../scripts/server.ts";
import { temporaryFolder } from "../scripts/temporary-folder.ts";
import { bundle, root } from "./build.ts";
import { playRound } from "./load.ts";
import { type Hot, profile } from "./profile.ts";
import { serve } from "./runtime.ts";
import { kern, kernSchema } from "./world.ts";

const cycles = 200;
/** Time in which no JavaScript ran. */
const idle = /^\((root|idle|program)\)/;

/** Writes where kern's Worker spends the time of a cycle; answers the path of the file. */
export async function profileCycles(modelUrl: string): Promise<string> {
  const folder = temporaryFolder();
  const script = join(folder, "worker.mjs");
  await bundle(kern.path, script, false);
  const inspectorPort = await freePort();
  const serving = await serve({
    workers: [{ script, objects: kern.objects }],
    folder: join(folder, "storage"),
    migrations: kernSchema,
    modelUrl,
    inspectorPort,
  });
  undoAtEnd(serving.close);
  await playRound(serving, { cycles: 60, width: 4 });
  const hot = await profile({ inspectorPort, script: readFileSync(script, "utf8") }, async () =>
    playRound(serving, { cycles, width: 1 }),
  );
  const busy = hot.filter(({ name }) => !idle.test(name));
  const busyMs = busy.reduce((sum, { selfMs }) => sum + selfMs, 0) / cycles;
  const lines = [
    `${busyMs.toFixed(2)} ms of JavaScript a cycle, ${cycles} cycles one at a time; each line: ms a cycle in the function itself, with what it called`,
    "\nby its own time",
    ...busy
      .toSorted((a, b) => b.selfMs - a.selfMs)
      .slice(0, 60)
      .map(lineOf),
    "\nby file",
    ...byFile(busy).slice(0, 40).map(lineOf),
    "\nwith what it called",
    ...busy
      .toSorted((a, b) => b.totalMs - a.totalMs)
      .slice(0, 100)
      .map(lineOf),
  ];
  mkdirSync(join(root, "output"), { recursive: true });
  writeFileSync(join(root, "output/profile.txt"), `${lines.join("\n")}\n`);
  return "output/profile.txt";
}

/** Own time by source file, and for a dependency by its package; there is no inclusive time in these. */
function byFile(busy: readonly Hot[]): Hot[] {
  const rooms = Map.groupBy(
    busy,
    ({ file }) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file,
  );
  return [...rooms]
    .map(([file, hot]) => {
      const selfMs = hot.reduce((sum, one) => sum + one.selfMs, 0);
      return { name: file, file, selfMs, totalMs: selfMs };
    })
    .sort((a, b) => b.selfMs - a.selfMs);
}

function lineOf({ name, selfMs, totalMs }: Hot): string {
  const [own, all] = [selfMs, totalMs].map((ms) => (ms / cycles).toFixed(3).padStart(8));
  return `${own} ${all}  ${name}`;
}
