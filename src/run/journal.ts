import { KernError } from "../errors.ts";
import { type Entry, journalVersion } from "./entry.ts";
import { apply, draft } from "./fold.ts";
import { type RunState } from "./state.ts";

/** The most bytes that one row may take: below the platform's 2 MB, which the local runtime does not enforce. */
export const maxRowBytes = 1_900_000;

export interface JournalRow {
  seq: number;
  atMs: number;
  entries: Entry[];
}

/** How far a reader of the journal has come, such as the copy in the database; what lies beyond is still to be told. */
export interface Cursor {
  seq: number;
  attempts: number;
  /** When the next attempt is due; null where none has failed. */
  dueMs: number | null;
  error: string | null;
}

/** The object's storage: the run's entries in order, and how far each reader has come. Everything here is synchronous. */
export class Journal {
  readonly #storage: DurableObjectStorage;
  #isThere: boolean | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** The run as it stands; null where none was ever started here, and asking leaves nothing behind. */
  load(): RunState | null {
    let state: RunState | null = null;
    const own = draft();
    for (const row of this.rows()) {
      for (const entry of row.entries) state = apply(state, entry, row, own);
    }
    return state;
  }

  /** The rows after this one, each read as it is asked for: rows may be added meanwhile, and who stops early reads no more. */
  *rows(afterSeq = 0): Generator<JournalRow, void> {
    for (let row = this.#next(afterSeq); row !== null; row = this.#next(row.seq)) yield row;
  }

  #next(afterSeq: number): JournalRow | null {
    if (!this.#exists()) return null;
    const [row] = this.#storage.sql
      .exec<{ seq: number; v: number; at_ms: number; entries: string }>(
        "SELECT seq, v, at_ms, entries FROM journal WHERE seq > ? ORDER BY seq LIMIT 1",
        afterSeq,
      )
      .toArray();
    if (row === undefined) return null;
    const { seq, v, at_ms, entries } = row;
    if (v > journalVersion) {
      throw new KernError(
        "unavailable",
        `This run was written in journal format ${v}; this release reads formats up to ${journalVersion}.`,
      );
    }
    return { seq, atMs: at_ms, entries: JSON.parse(entries) };
  }

  /**
   * Stores one row and what `alongside` does, all or nothing; throws `invalid_request` for a row that is too large, and
   * then nothing has changed.
   */
  append({ seq, atMs, entries }: JournalRow, alongside: () => void): void {
    const text = JSON.stringify(entries);
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > maxRowBytes)
      throw new KernError(
        "invalid_request",
        `One step of the run takes ${bytes} bytes; at most ${maxRowBytes} can be stored.`,
      );
    this.#storage.transactionSync(() => {
      if (seq === 1) this.#create();
      this.#storage.sql.exec(
        "INSERT INTO journal (seq, v, at_ms, entries) VALUES (?, ?, ?, ?)",
        seq,
        journalVersion,
        atMs,
        text,
      );
      alongside();
    });
    this.#isThere = true;
  }

  cursor(reader: string): Cursor {
    const none = { seq: 0, attempts: 0, dueMs: null, error: null };
    if (!this.#exists()) return none;
    const [row] = this.#storage.sql
      .exec<{ seq: number; attempts: number; due_ms: number | null; error: string | null }>(
        "SELECT seq, attempts, due_ms, error FROM cursor WHERE reader = ?",
        reader,
      )
      .toArray();
    return row === undefined
      ? none
      : { seq: row.seq, attempts: row.attempts, dueMs: row.due_ms, error: row.error };
  }

  move(reader: string, { seq, attempts, dueMs, error }: Cursor): void {
    this.#storage.sql.exec(
      "INSERT INTO cursor (reader, seq, attempts, due_ms, error) VALUES (?, ?, ?, ?, ?) ON CONFLICT (reader) DO UPDATE SET seq = excluded.seq, attempts = excluded.attempts, due_ms = excluded.due_ms, error = excluded.error",
      reader,
      seq,
      attempts,
      dueMs,
      error,
    );
  }

  #exists(): boolean {
    this.#isThere ??=
      this.#storage.sql
        .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'journal'")
        .toArray().length > 0;
    return this.#isThere;
  }

  #create(): void {
    this.#storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, v INTEGER NOT NULL, at_ms INTEGER NOT NULL, entries TEXT NOT NULL);
       CREATE TABLE IF NOT EXISTS cursor (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL, attempts INTEGER NOT NULL, due_ms INTEGER, error TEXT) WITHOUT ROWID;`,
    );
  }
}
