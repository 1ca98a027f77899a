import { watchDogMs } from "./due.ts";

/** How late it may be: the platform may need so long to bring an object up elsewhere. */
const graceMs = 60_000;

/** The one alarm of the object, as far as this instance knows it: it is moved, and never taken away. */
export class Alarm {
  readonly #set: (atMs: number) => void;
  #atMs = Number.POSITIVE_INFINITY;
  #moved: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(set: (atMs: number) => void) {
    this.#set = set;
  }

  /** Resolves when it is moved next. */
  get moved(): Promise<void> {
    return this.#moved.promise;
  }

  /** It has rung, or it was set in a transaction that was undone. */
  forget(): void {
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  /** Whether it should have rung long ago: then it was lost. */
  isOverdue(nowMs: number): boolean {
    return this.#atMs < nowMs - graceMs;
  }

  /** Has it ring at this time, or a little earlier: that costs less than moving it with every row. */
  move(atMs: number, nowMs: number): void {
    const closeEnough = this.#atMs > nowMs && this.#atMs <= atMs && atMs - this.#atMs < watchDogMs;
    if (closeEnough) return;
    this.#set(atMs);
    this.#atMs = atMs;
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }
}
