import { messageOf } from "../errors.ts";
import { openMembers, startOf } from "./delegation.ts";
import { type JoinMessage, type JoinReply, messageVersion, type Report } from "./messages.ts";
import type { RunState } from "./state.ts";

export interface MembersParts {
  /** Has a member take up its task, or lay it down, and say where it stands; safe to repeat. */
  join: (memberRunId: string, message: JoinMessage) => Promise<JoinReply>;
  /** A member has said where it stands. */
  heard: (callId: string, memberRunId: string, report: Report) => void;
  now: () => number;
  /** What is due has changed. */
  rearm: () => void;
}

/** What this instance knows of its words to one member. */
interface Word {
  failures: number;
  /** How often it was asked without having said anything new. */
  asked: number;
  dueMs: number;
  /** What it was told last; what is to be told now may be another. */
  dismissed: boolean;
  underWay: Promise<boolean> | null;
  /** What is said after that to everyone who asked meanwhile. */
  next: Promise<boolean> | null;
}

const maxBackOffMs = 60_000;
/** A member tells by itself where it stands; asking it is for when that was lost. */
const firstAskMs = 30_000;
const maxAskMs = 10 * 60_000;
/** A member that waits for people lets lapse what nobody answers. */
const pausedAskMs = 6 * 3_600_000;

/** A team's words to its members: that they start, that they stop, and, now and then, the question where they stand. */
export class Members {
  readonly #parts: MembersParts;
  readonly #words = new Map<string, Word>();

  constructor(parts: MembersParts) {
    this.#parts = parts;
  }

  /** When a member is to be told or asked next; null where none is. */
  dueMs(state: RunState): number | null {
    const due = openMembers(state).map((call) => {
      const word = this.#words.get(call.id);
      if ((word?.underWay ?? null) !== null) return this.#parts.now() + maxBackOffMs;
      return word?.dueMs ?? this.#parts.now();
    });
    return due.length === 0 ? null : Math.min(...due);
  }

  /**
   * Tells members what they do not know yet; with "due", also asks those where they stand that have been silent for long, or of
   * whom this instance knows nothing; with "all", everyone. False where not all of those, and theirs, have said where they stand.
   */
  async tend(state: RunState, whom: "news" | "due" | "all"): Promise<boolean> {
    const nowMs = this.#parts.now();
    const due = openMembers(state).filter(({ id, member, phase }) => {
      const word = this.#words.get(id);
      if (whom === "all") return true;
      if (word === undefined) return whom === "due" || phase === "ended" || member?.version === 0;
      return word.dueMs <= nowMs || (phase === "ended" && !word.dismissed);
    });
    const told = due.map(async ({ id }) => this.#tell(state, id, whom === "all"));
    return (await Promise.all(told)).every((complete) => complete);
  }

  /** Resolves when no word is under way. */
  async idle(): Promise<void> {
    for (let words = this.#underWay(); words.length > 0; words = this.#underWay())
      await Promise.all(words);
  }

  #underWay(): Promise<boolean>[] {
    return [...this.#words.values()].flatMap(({ underWay }) => underWay ?? []);
  }

  async #tell(state: RunState, callId: string, asks: boolean): Promise<boolean> {
    const call = state.calls.get(callId);
    const start = call === undefined ? null : startOf(state, call);
    if (call === undefined || start === null) return true;
    const dismissed = call.phase === "ended";
    const word = this.#words.get(callId) ?? {
      failures: 0,
      asked: 0,
      dueMs: 0,
      dismissed,
      underWay: null,
      next: null,
    };
    this.#words.set(callId, word);
    const say = async (): Promise<boolean> => {
      word.dismissed ||= dismissed;
      const message = { v: messageVersion, start, dismissed: word.dismissed, asks };
      const quietMs = this.#parts.now() - state.updatedAtMs;
      word.underWay = this.#say(word, callId, message, quietMs);
      return word.underWay;
    };
    if (word.underWay === null) return say();
    // One word at a time; a question that somebody acts upon comes after what was said before, once for all who ask.
    if (!asks) {
      await word.underWay;
      return word.dismissed || !dismissed || say();
    }
    word.next ??= word.underWay.then(async () => {
      word.next = null;
      return say();
    });
    return word.next;
  }

  /** `quietMs`: for how long nothing has happened in the team; what was silent for long is left alone for long. */
  async #say(word: Word, callId: string, message: JoinMessage, quietMs: number): Promise<boolean> {
    const { runId } = message.start;
    // Nothing leaves in the turn in which it was decided: a row that is not stored must not be acted upon.
    await Promise.resolve();
    let complete = false;
    let longestMs = maxBackOffMs;
    try {
      const reply = await this.#parts.join(runId, message);
      if (!reply.ok) {
        if (reply.reason === "not_found") longestMs = maxAskMs;
        throw new Error("message" in reply ? reply.message : reply.reason);
      }
      word.failures = 0;
      word.dueMs = this.#parts.now() + patience(reply.report, word.asked++, quietMs);
      this.#parts.heard(callId, runId, reply.report);
      complete = reply.complete;
    } catch (error) {
      console.error("kern: a member of a team could not be reached", messageOf(error));
      const waitMs = Math.max(1000 * 2 ** word.failures++, quietMs / 4);
      word.dueMs = this.#parts.now() + Math.min(longestMs, waitMs);
    } finally {
      word.underWay = null;
    }
    this.#parts.rearm();
    return complete;
  }
}

/** How long a member may be silent before it is asked. */
function patience({ status }: Report, asked: number, quietMs: number): number {
  if (status === "PAUSED") return pausedAskMs;
  return Math.min(maxAskMs, Math.max(firstAskMs * 2 ** asked, quietMs / 4));
}
