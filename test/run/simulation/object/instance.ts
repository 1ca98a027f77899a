import { RunObject } from "../../../../src/run/run.ts";
import type { ApprovalRow, RunRow, Store, SwitchRow } from "../../../../src/run/store.ts";
import { agentOf, type Outside, type Release } from "./toolbox.ts";
import type { Entry } from "../../../../src/run/entry.ts";

interface Sql {
  exec(text: string, ...values: unknown[]): { toArray(): unknown[] };
}

/** What outlives every instance: the object's storage, and whatever the platform wants an object to be made with. */
export interface Disk {
  sql: Sql;
  transactionSync(code: () => void): void;
  contextOf(storage: object): DurableObjectState;
}

export interface StoredRow {
  seq: number;
  atMs: number;
  entries: Entry[];
}

/** One life of the object. When it is over, nothing that its code still does reaches anything outside. */
export interface Instance {
  n: number;
  dead: boolean;
  /** When it was last told that the kill switch is on, or nothing. */
  heldMs: number;
  release: Release;
  object: RunObject;
  now(): number;
}

export interface Alarm {
  atMs: number | null;
  /** Set by an instance that has nothing to do but to look whether its agent is back, or a kill switch off. */
  isIdle: boolean;
}

/** Where an instance meets the world; each of these may decide that the instance dies there and then. */
export interface Ports {
  /** Throws or returns true where the instance dies at this point. */
  dies(point: string): boolean;
  /** Whether the storage refuses to write this time. */
  refuses(): boolean;
  stored(rows: StoredRow[]): void;
  armed(): void;
  alarm: Alarm;
  outside: Outside;
  project(run: RunRow | null, approvals: ApprovalRow[]): Promise<void>;
  readSwitches(): Promise<SwitchRow[]>;
}

/** After so long it looks whether the switch is still on. */
const heldAtMostMs = 301_000;

export class Gone extends Error {
  override readonly message = "This instance is gone.";
}

export class Refused extends Error {
  override readonly message = "The storage cannot be reached.";
}

interface Making {
  n: number;
  release: Release;
  now: () => number;
  disk: Disk;
  portsOf: (instance: Instance) => Ports;
}

export function makeInstance({ disk, n, now, portsOf, release }: Making): Instance {
  const instance: Instance = {
    n,
    release,
    now,
    dead: false,
    heldMs: Number.NEGATIVE_INFINITY,
    object: undefined as never,
  };
  const ports = portsOf(instance);
  const check = (): void => {
    if (instance.dead) throw new Gone();
  };
  const dieAt = (point: string): void => {
    if (ports.dies(point)) throw new Gone();
  };
  const refuse = (): void => {
    if (ports.refuses()) throw new Refused();
  };
  let within = false;
  const storage = {
    sql: {
      exec(text: string, ...values: unknown[]) {
        check();
        if (within || text.startsWith("SELECT")) return disk.sql.exec(text, ...values);
        refuse();
        dieAt("before the cursor moves");
        const result = disk.sql.exec(text, ...values);
        dieAt("after the cursor moved");
        return result;
      },
    },
    transactionSync(code: () => void) {
      check();
      const before = { ...ports.alarm };
      const last = lastOf(disk);
      try {
        disk.transactionSync(() => {
          within = true;
          try {
            code();
          } finally {
            within = false;
          }
          refuse();
          dieAt("before a row is stored");
        });
      } catch (error) {
        Object.assign(ports.alarm, before);
        throw error;
      }
      ports.stored(rowsOf(disk, last));
      dieAt("after a row was stored");
    },
    setAlarm(atMs: number) {
      if (instance.dead) return;
      ports.alarm.atMs = Math.ceil(atMs);
      ports.armed();
      ports.alarm.isIdle = agentOf(release) === undefined || now() - instance.heldMs < heldAtMostMs;
    },
    getAlarm: async () => ports.alarm.atMs,
  };
  const store = {
    project: (run: RunRow | null, approvals: ApprovalRow[]) => ports.project(run, approvals),
    switches: { read: () => ports.readSwitches() },
  } as unknown as Store;
  instance.object = new RunObject(disk.contextOf(storage), ports.outside, {
    agentOf: (id) => (id === "agent" ? agentOf(release) : undefined),
    store: () => store,
    publish: async () => undefined,
    ask: async () => {
      throw new Error("There is no other run.");
    },
    channels: [],
    notify: async () => ({ kind: "sent", receipt: null }),
    now,
  });
  return instance;
}

function hasJournal({ sql }: Disk): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'journal'").toArray().length > 0;
}

function lastOf(disk: Disk): number {
  if (!hasJournal(disk)) return 0;
  const [row] = disk.sql.exec("SELECT max(seq) AS seq FROM journal").toArray();
  return (row as { seq: number | null }).seq ?? 0;
}

function rowsOf({ sql }: Disk, after: number): StoredRow[] {
  const rows = sql
    .exec("SELECT seq, at_ms, entries FROM journal WHERE seq > ? ORDER BY seq", after)
    .toArray() as { seq: number; at_ms: number; entries: string }[];
  return rows.map(({ at_ms: atMs, entries, seq }) => ({ seq, atMs, entries: JSON.parse(entries) }));
}
