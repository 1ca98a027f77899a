import { messageOf } from "../errors.ts";
import { within } from "./deadline.ts";
import type { RunState } from "./state.ts";
import { everyone, type SwitchRow } from "./store.ts";

/** What planning knows of it: `off` only in the very turn in which it was read. */
export type SwitchReading = "off" | "on" | "unread";

export interface KillSwitchParts {
  /** Throws where the database cannot be asked. */
  read: (ids: readonly string[]) => Promise<SwitchRow[]>;
  now: () => number;
}

const readMs = 5_000;
/** How soon it is read again: more and more rarely, because whoever turns it off wakes the runs that the database knows. */
const backOff = {
  on: { firstMs: 2_000, maxMs: 5 * 60_000 },
  lost: { firstMs: 1_000, maxMs: 60_000 },
};

/**
 * The switch that keeps gated calls from starting: for the run's agent, for each team above it, and for everyone. What
 * cannot be read counts as on. Nothing of it is kept: the next instance reads it anew.
 */
export class KillSwitch {
  readonly #parts: KillSwitchParts;
  #held: { untilMs: number; why: string } | null = null;
  /** How often in a row it was not found off. */
  #times = 0;

  constructor(parts: KillSwitchParts) {
    this.#parts = parts;
  }

  /** Why calls are held, as an operator is told; null where none are. */
  get why(): string | null {
    return this.#held?.why ?? null;
  }

  /** When it is to be read again; null where it was not found on. */
  get dueMs(): number | null {
    return this.#held?.untilMs ?? null;
  }

  get reading(): SwitchReading {
    return this.#held !== null && this.#held.untilMs > this.#parts.now() ? "on" : "unread";
  }

  /** Has it be read again whenever it is needed next. */
  forget(): void {
    this.#held = null;
    this.#times = 0;
  }

  /** Reads it. Never throws. */
  async isOff({ agentId, member }: RunState): Promise<boolean> {
    const above = member?.ancestors.map(({ teamId }) => teamId) ?? [];
    try {
      const rows = await within(readMs, this.#parts.read([everyone, agentId, ...above]));
      if (rows === "late") throw new Error("The database did not answer in time.");
      const on = rows.find(({ is_on }) => is_on);
      if (on === undefined) this.forget();
      else this.#hold("on", wordsFor(on));
    } catch (error) {
      console.error("kern: the kill switch could not be read", messageOf(error));
      this.#hold("lost", "The kill switch cannot be read, so no gated call starts.");
    }
    return this.#held === null;
  }

  #hold(how: keyof typeof backOff, why: string): void {
    const { firstMs, maxMs } = backOff[how];
    const ms = Math.min(maxMs, firstMs * 2 ** this.#times);
    this.#times += 1;
    this.#held = { untilMs: this.#parts.now() + ms, why };
  }
}

function wordsFor({ changed_by, id, reason }: SwitchRow): string {
  const whose = id === everyone ? "Everything" : `'${id}'`;
  return `${whose} was paused by ${changed_by}${reason === null ? "." : `: ${reason}`}`;
}
