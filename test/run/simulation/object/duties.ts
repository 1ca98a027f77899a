import type { StoredRow } from "./instance.ts";

/** The farthest that the alarm may be while something moves, while nothing can, and after a write was refused. */
const movingMs = 10_000;
const idleMs = 600_000;
const excusedMs = 30_000;
/** Two machines' clocks differ by this much at most. */
const skewMs = 1_000;

/** What is due in the run and when, read from the rows as they were written: what the alarm is held against (D6, D12). */
export class Duties {
  readonly pending = new Map<string, number>();
  readonly approvals = new Set<string>();
  readonly #moving = new Set<string>();
  #retryMs: number | null = null;
  #excused = false;
  isOver = false;

  take({ atMs, entries }: StoredRow): void {
    this.#excused = false;
    for (const entry of entries) {
      switch (entry.kind) {
        case "started":
        case "step_started":
          this.#retryMs = null;
          this.#moving.add("step");
          break;
        case "step_failed":
          this.#moving.delete("step");
          this.#retryMs = entry.retryAtMs ?? atMs;
          break;
        case "step_ended":
          this.#moving.delete("step");
          for (const { id } of entry.calls) this.#moving.add(id);
          break;
        case "call_released":
          this.#moving.add(entry.callId);
          break;
        case "call_waits":
        case "call_ended":
          this.#moving.delete(entry.callId);
          break;
        case "approval_asked":
          this.approvals.add(entry.approvalId);
          if (entry.expiresAtMs !== null) this.pending.set(entry.approvalId, entry.expiresAtMs);
          break;
        case "approval_resolved":
          this.pending.delete(entry.approvalId);
          break;
        case "completed":
        case "failed":
        case "cancelled":
          this.isOver = true;
          this.#retryMs = null;
          this.#moving.delete("step");
          break;
        default:
      }
    }
  }

  /** A write was refused: what it would have armed is repeated later. */
  excuse(): void {
    this.#excused = true;
  }

  /** By when the alarm must ring at the latest; null where nothing is due. */
  dueMs(nowMs: number, isIdle: boolean): number | null {
    const rest = isIdle ? idleMs : movingMs;
    const times = [...this.pending.values(), ...(this.#retryMs === null ? [] : [this.#retryMs])];
    const due = times.map((atMs) => (atMs > nowMs + skewMs ? atMs : nowMs + rest));
    if (!this.isOver && this.#moving.size > 0) due.push(nowMs + rest);
    if (due.length === 0) return null;
    const atMs = Math.min(...due) + skewMs;
    return this.#excused ? Math.max(atMs, nowMs + excusedMs) : atMs;
  }
}
