import { within } from "./deadline.ts";
import type { RunState } from "./state.ts";

/** Those who wait until a run has come to something: asked after every row, and forgotten once their time is up. */
export class Watchers {
  readonly #all = new Set<(state: RunState) => void>();

  get size(): number {
    return this.#all.size;
  }

  /** The run stands here now. */
  tell(state: RunState): void {
    for (const look of this.#all) look(state);
  }

  /** Resolves when it is so, which it may be already, or when the time is up. */
  async until(
    now: RunState | null,
    so: (state: RunState) => boolean,
    timeoutMs: number,
  ): Promise<void> {
    if (now !== null && so(now)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (state: RunState): void => {
      if (so(state)) resolve();
    };
    this.#all.add(look);
    await within(timeoutMs, promise);
    this.#all.delete(look);
  }
}
