type Step = () => void | Promise<void>;

const steps: Step[] = [];
let isEnding = false;

/** Remembers what has to be undone when the script ends, by itself or by a signal; the last is undone first. */
export function undoAtEnd(step: Step): void {
  steps.push(step);
}

/** Runs a script: what it has set up is undone however it ends, and what it throws is told as one message. */
export async function run(
  main: () => Promise<unknown>,
  { interruptedCode = 130 } = {},
): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void end(interruptedCode));
  }
  try {
    await main();
    await end(0);
  } catch (error) {
    if (!isEnding) console.error(error instanceof Error ? error.message : error);
    await end(1);
  }
}

async function end(code: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch (error) {
      console.error(error);
    }
  }
  process.exit(code);
}
