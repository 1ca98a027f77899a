import type { Tool } from "../tools/tool.ts";
import { eventReader, type RunEvent } from "./events.ts";
import type { JournalRow } from "./journal.ts";
import type { RunState } from "./state.ts";

/** Bytes of encoded events that are kept for all who read; who lags behind has the journal read again. */
const maxKeptBytes = 1024 * 1024;
/** How many bytes are read ahead of whoever asked. */
const pageBytes = 256 * 1024;

/** The events of one row of the journal, each encoded once, whoever many read them. */
export interface LoggedRow {
  seq: number;
  /** The index of its first event. */
  first: number;
  lines: Uint8Array[];
  /** The name of its last event. */
  last: string;
}

/** The run's events by their index, read from the journal as they are asked for. */
export class EventLog {
  readonly #rows: (afterSeq: number) => Iterable<JournalRow>;
  readonly #tools: () => ReadonlyMap<string, Tool>;
  #read: ReturnType<typeof eventReader> | null = null;
  #kept: LoggedRow[] = [];
  #keptBytes = 0;
  #seq = 0;
  /** How many events there are up to the row that was read last, the name of the last one, and the run after that row. */
  count = 0;
  last = "";
  state: RunState | null = null;

  constructor(
    rows: (afterSeq: number) => Iterable<JournalRow>,
    tools: () => ReadonlyMap<string, Tool>,
  ) {
    this.#rows = rows;
    this.#tools = tools;
  }

  /** The row that this event stands in; null where none of the rows up to `toldSeq` has it, and then all were read. */
  rowAt(index: number, toldSeq: number): LoggedRow | null {
    if (index < this.count) {
      const kept = this.#find(index);
      if (kept !== undefined) return kept;
      this.clear();
    }
    if (this.#seq < toldSeq) this.#readOn(index, toldSeq);
    return index < this.count ? (this.#find(index) ?? null) : null;
  }

  /** Forgets what was read: nobody listens, or somebody is further behind than what was kept. */
  clear(): void {
    this.#read = this.state = null;
    this.#kept = [];
    this.#keptBytes = this.#seq = this.count = 0;
  }

  #find(index: number): LoggedRow | undefined {
    return this.#kept.findLast(
      ({ first, lines }) => first <= index && index < first + lines.length,
    );
  }

  #readOn(index: number, toldSeq: number): void {
    while (this.#keptBytes > maxKeptBytes - pageBytes) this.#drop();
    const read = (this.#read ??= eventReader(this.#tools()));
    let ahead = 0;
    for (const row of this.#rows(this.#seq)) {
      if (row.seq > toldSeq) break;
      const { events, state } = read(row);
      this.#seq = row.seq;
      this.state = state;
      this.last = events.at(-1)?.event ?? this.last;
      const first = this.count;
      this.count += events.length;
      if (index < this.count && events.length > 0)
        ahead += this.#keep({
          seq: row.seq,
          first,
          lines: events.map((event) => encode(event)),
          last: this.last,
        });
      if (ahead > pageBytes) break;
    }
  }

  #keep(row: LoggedRow): number {
    const bytes = sizeOf(row);
    this.#kept.push(row);
    this.#keptBytes += bytes;
    return bytes;
  }

  #drop(): void {
    const oldest = this.#kept.shift();
    this.#keptBytes = oldest === undefined ? 0 : this.#keptBytes - sizeOf(oldest);
  }
}

/** An event as it goes from the run's object to the Worker. */
export function encode(event: RunEvent): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(event)}\n`);
}

function sizeOf({ lines }: LoggedRow): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}
