import type { Receipt } from "../approval/notice.ts";

/** What channels were told of this run, and what they keep of it: a table of its own, made when something is first told. */
export class Sent {
  readonly #storage: DurableObjectStorage;
  #isThere: boolean | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  has(noticeId: string): boolean {
    if (!this.#exists()) return false;
    return this.#storage.sql.exec("SELECT 1 FROM sent WHERE id = ?", noticeId).toArray().length > 0;
  }

  /** What the channel kept when it was last told of this approval. */
  receipt(channelId: string, subject: string): Receipt | null {
    if (!this.#exists()) return null;
    const [row] = this.#storage.sql
      .exec<{ receipt: string }>(
        "SELECT receipt FROM sent WHERE channel = ? AND subject = ? AND receipt IS NOT NULL ORDER BY rowid DESC LIMIT 1",
        channelId,
        subject,
      )
      .toArray();
    return row === undefined ? null : (JSON.parse(row.receipt) as Receipt);
  }

  /** Notes that a channel was told. Safe to repeat. */
  note(noticeId: string, channelId: string, subject: string, receipt: Receipt | null): void {
    if (!this.#exists()) {
      this.#storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS sent (id TEXT PRIMARY KEY, channel TEXT NOT NULL, subject TEXT NOT NULL, receipt TEXT)",
      );
      this.#isThere = true;
    }
    // What is kept is the last row's, so one that is told once more becomes the last; with nothing to keep it stays in its place.
    const instead = receipt === null ? "IGNORE" : "REPLACE";
    this.#storage.sql.exec(
      `INSERT OR ${instead} INTO sent (id, channel, subject, receipt) VALUES (?, ?, ?, ?)`,
      noticeId,
      channelId,
      subject,
      receipt === null ? null : JSON.stringify(receipt),
    );
  }

  #exists(): boolean {
    this.#isThere ??=
      this.#storage.sql
        .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'sent'")
        .toArray().length > 0;
    return this.#isThere;
  }
}
