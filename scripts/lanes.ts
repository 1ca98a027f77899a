import { spawn } from "node:child_process";
import { run } from "./run.ts";

/** What may go on at the same time, because most of it waits; in each lane one thing after the other. */
const lanes = [
  ["npx vitest run --project d1 --project node --project browser"],
  [
    "npx vitest run --project postgres",
    "npm run package:test",
    "npm run example:test",
    "npm run crash -- --slice",
  ],
];

const startedMs = performance.now();

await run(async () => {
  const failed = (await Promise.all(lanes.map(runLane))).flat();
  if (failed.length > 0) throw new Error(`FAILED: ${failed.join("; ")}`);
});

/** Runs all of a lane, whatever fails; what has failed. */
async function runLane(commands: readonly string[], lane: number): Promise<string[]> {
  const failed: string[] = [];
  for (const command of commands) {
    const output: Buffer[] = [];
    const child = spawn(command, {
      shell: true,
      // Tests of each lane are counted in a file of their own.
      env: { ...process.env, KERN_LANE: `-${lane + 1}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => output.push(data));
    const code = await new Promise<number>((resolve) =>
      child.once("close", (code) => resolve(code ?? 1)),
    );
    // In one piece, so that what lanes say is not mixed.
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.log(
      `\n$ ${command}\n${Buffer.concat(output).toString()}\n(ended ${code}, at ${seconds} s)`,
    );
    if (code !== 0) failed.push(command);
  }
  return failed;
}
