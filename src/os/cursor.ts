import { createHash } from "node:crypto";
import { z } from "zod";
import { KernError } from "../errors.ts";
import type { Position } from "../run/position.ts";
import type { Total } from "../run/store.ts";

export interface Cursor {
  after: Position;
  /** What was counted on the first page, so that no page after it counts again. */
  total: Total;
}

const version = 1;
const Parts = z.tuple([
  z.literal(version),
  z.int(),
  z.string().max(100),
  z.int().min(0),
  z.boolean(),
  z.string(),
]);

/** A cursor as clients get it: opaque, and good for the same filter only. */
export function writeCursor({ after, total }: Cursor, filter: object): string {
  const { created_at_ms, id } = after;
  const parts: z.input<typeof Parts> = [
    version,
    created_at_ms,
    id,
    total.count,
    total.isExact,
    fingerprint(filter),
  ];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws `invalid_request` for what `writeCursor` did not write, or wrote for another filter. */
export function readCursor(text: string, filter: object): Cursor {
  const parsed = Parts.safeParse(partsOf(text));
  if (!parsed.success)
    throw new KernError(
      "invalid_request",
      "The cursor cannot be read: give next_cursor as it came, or begin without a cursor.",
    );
  const [, created_at_ms, id, count, isExact, print] = parsed.data;
  if (print !== fingerprint(filter))
    throw new KernError(
      "invalid_request",
      "The cursor is of a list with other filters: give the same ones, or begin without a cursor.",
    );
  return { after: { created_at_ms, id }, total: { count, isExact } };
}

const uncounted: Total = { count: 0, isExact: false };

/** What goes on a page of a list that nobody counts, of the rows that were found, one more than its limit; and where to go on. */
export function pageOf<T>(
  found: readonly T[],
  { filter, limit, placeOf }: { filter: object; limit: number; placeOf: (row: T) => Position },
): { rows: T[]; next_cursor: string | null } {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return {
    rows,
    next_cursor: isMore ? writeCursor({ after: placeOf(last), total: uncounted }, filter) : null,
  };
}

function partsOf(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return null;
  }
}

function fingerprint(filter: object): string {
  const asked = Object.entries(filter).filter(([, value]) => value !== undefined);
  const sorted = asked.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("base64url").slice(0, 16);
}
