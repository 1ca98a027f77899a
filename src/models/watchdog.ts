import { KernError } from "../errors.ts";

export interface Watchdog {
  /** Aborted, with a KernError as its reason, when the caller gives up or one of the limits has passed. */
  readonly signal: AbortSignal;
  /** Says that something arrived: the idle limit starts again. */
  touch(): void;
  /** The promise's outcome, or the abort's where that comes first: for work that may not listen to `signal`. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Clears the timers and stops listening to the caller. */
  stop(): void;
}

/** Watches one call from now on; whoever starts it must `stop` it. Limits are in milliseconds. */
export function startWatchdog(
  caller: AbortSignal,
  limits: { timeoutMs: number; idleTimeoutMs: number },
): Watchdog {
  const controller = new AbortController();
  const giveUp = (message: string) => controller.abort(new KernError("model_unavailable", message));
  const wentIdle = () => giveUp(`The model sent nothing for ${limits.idleTimeoutMs} ms.`);
  const cancelled = () => giveUp("The call to the model was aborted.");

  const total = setTimeout(
    () => giveUp(`The model did not finish within ${limits.timeoutMs} ms.`),
    limits.timeoutMs,
  );
  // Moving a timer with every byte would cost more than reading it.
  let heardMs = Date.now();
  const watch = () => {
    const restMs = heardMs + limits.idleTimeoutMs - Date.now();
    if (restMs <= 0) wentIdle();
    else idle = setTimeout(watch, restMs);
  };
  let idle = setTimeout(watch, limits.idleTimeoutMs);
  caller.addEventListener("abort", cancelled, { once: true });
  if (caller.aborted) cancelled();

  const aborted = new Promise<never>((_, reject) => {
    const fail = () => reject(controller.signal.reason as KernError);
    controller.signal.addEventListener("abort", fail, { once: true });
    if (controller.signal.aborted) fail();
  });
  aborted.catch(() => undefined); // raced below, or of no interest to anyone

  return {
    signal: controller.signal,
    touch() {
      heardMs = Date.now();
    },
    race: (work) => Promise.race([work, aborted]),
    stop() {
      clearTimeout(total);
      clearTimeout(idle);
      caller.removeEventListener("abort", cancelled);
    },
  };
}
