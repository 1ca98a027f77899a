import type { Notice, NoticeType, Receipt, Told } from "../approval/notice.ts";
import { KernError } from "../errors.ts";
import type { Tool } from "../tools/tool.ts";
import { within } from "./deadline.ts";
import type { Journal } from "./journal.ts";
import { isStale, noticesIn } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import type { Sent } from "./sent.ts";
import { pendingApprovals, type RunState } from "./state.ts";

/** A channel as a run knows it. */
export interface Route {
  id: string;
  /** The longest pause between two attempts. */
  maxBackOffMs: number;
  /** Whether it is to be told of this at all. */
  wants: (type: NoticeType) => boolean;
}

export interface CourierParts {
  route: Route;
  journal: Journal;
  sent: Sent;
  tools: () => ReadonlyMap<string, Tool>;
  /** Tells the channel; throws where that failed and is worth another attempt. */
  notify: (notice: Notice, told: { receipt: Receipt | null; signal: AbortSignal }) => Promise<Told>;
  now: () => number;
}

/** What could not be told for so long is given up. */
const giveUpMs = 3 * 86_400_000;
/** How long a channel may take for one message. */
const messageMs = 15_000;
/** One that does not heed the signal is left alone after this time. */
const unheededMs = 10_000;
/** So long what a channel does not take keeps the rest waiting: from then on it may be the message, and not the channel. */
const patienceMs = 3_600_000;
/** So many that are not taken are the channel's fault all the same. */
const maxFailures = 10;

/**
 * Brings one channel up to date: in order, each notice once, and what has become pointless not at all. What it has not taken
 * for long is told later, so that it keeps nothing else from being told.
 */
export class Courier {
  readonly #parts: CourierParts;

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** Tells what happened after this row. Throws where the channel did. */
  async deliver(state: RunState, afterSeq: number): Promise<void> {
    const { journal, now, route, sent, tools } = this.#parts;
    const found = noticesIn(journal.rows(afterSeq), state, { channelId: route.id, tools: tools() });
    const due = found.filter(
      (notice) =>
        route.wants(notice.type) &&
        !isStale(notice) &&
        isYoung(notice, state, now()) &&
        !sent.has(notice.id),
    );
    const failures: unknown[] = [];
    for (const notice of due) {
      try {
        await this.#tell(notice);
      } catch (error) {
        failures.push(error);
        const isNew = now() - notice.atMs < patienceMs;
        if (isNew || isAskedToWait(error) || failures.length >= maxFailures) break;
      }
    }
    if (failures.length > 0) throw failures.find(isAskedToWait) ?? failures[0];
  }

  /** Tells one thing once more, whatever was told before; false where nothing of that id has happened here. */
  async repeat(state: RunState, noticeId: string): Promise<boolean> {
    const { journal, route, tools } = this.#parts;
    const found = noticesIn(journal.rows(), state, { channelId: route.id, tools: tools() });
    const notice = found.find(({ id }) => id === noticeId);
    if (notice === undefined) return false;
    const told = await this.#tell(notice);
    if (told.kind === "gone") throw new KernError("unavailable", told.reason);
    return true;
  }

  async #tell(notice: Notice): Promise<Told> {
    const { notify, route, sent } = this.#parts;
    const subject = notice.approval?.id ?? notice.run.run_id;
    const receipt = sent.receipt(route.id, subject);
    // Not the platform's own timeout: what is left of that would keep the object in memory.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), messageMs);
    try {
      const told = await within(
        messageMs + unheededMs,
        notify(notice, { receipt, signal: late.signal }),
      );
      if (told === "late")
        throw new KernError("unavailable", "The channel did not answer in time.");
      if (told.kind === "partly") {
        // Under another name, because it is to be told again.
        sent.note(`${notice.id}.partly`, route.id, subject, told.receipt);
        const { reason, retryAfterMs } = told;
        throw new KernError("unavailable", reason, {
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        });
      }
      sent.note(notice.id, route.id, subject, told.kind === "sent" ? told.receipt : null);
      return told;
    } finally {
      clearTimeout(timer);
    }
  }
}

function isAskedToWait(error: unknown): boolean {
  return error instanceof KernError && error.retryAfterMs !== undefined;
}

/** A channel that comes late is not told of what is long over, but of what still waits. */
function isYoung({ approval, atMs }: Notice, state: RunState, nowMs: number): boolean {
  const waits = pendingApprovals(state).some(({ id }) => id === approval?.id);
  return waits || nowMs - atMs < giveUpMs;
}

/** What drives a courier: it goes again where it failed, later and later, and no sooner than the channel asked for. */
export function courierOutbox(
  { id, maxBackOffMs }: Route,
  journal: Journal,
  courier: Courier,
): Outbox {
  return new Outbox(
    `channel:${id}`,
    journal,
    async (state, afterSeq) => courier.deliver(state, afterSeq),
    {
      notesAtOnce: true,
      limitMs: () => batchMs,
      backOff: (attempts, error) => {
        const asked = error instanceof KernError ? (error.retryAfterMs ?? 0) : 0;
        const waitMs = Math.min(maxBackOffMs, firstBackOffMs * 3 ** Math.min(attempts - 1, 15));
        return Math.max(Math.min(asked, giveUpMs), waitMs * (0.75 + Math.random() / 2));
      },
    },
  );
}

const firstBackOffMs = 5_000;
/** How long all that waits for a channel may take together. */
const batchMs = 10 * 60_000;
