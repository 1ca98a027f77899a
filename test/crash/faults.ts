/** What the world did wrong on purpose, counted by its kind. */
export interface Faults {
  note(kind: string): void;
  readonly counts: ReadonlyMap<string, number>;
}

export function createFaults(): Faults {
  const counts = new Map<string, number>();
  return { note: (kind) => void counts.set(kind, (counts.get(kind) ?? 0) + 1), counts };
}
