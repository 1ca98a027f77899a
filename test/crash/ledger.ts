const maxExamples = 5;

export interface Check {
  name: string;
  /** How often it was looked at, and how often it did not hold. */
  looked: number;
  broken: number;
  examples: string[];
}

/** What must hold, with how often it was looked at. */
export interface Ledger {
  /** Looks once: `what` says what does not hold, where it does not. */
  check(name: string, holds: boolean, what: () => string): void;
  checks(): Check[];
  isWhole(): boolean;
}

export function createLedger(): Ledger {
  const checks = new Map<string, Check>();
  return {
    check(name, holds, what) {
      const check = checks.get(name) ?? { name, looked: 0, broken: 0, examples: [] };
      checks.set(name, check);
      check.looked += 1;
      if (holds) return;
      check.broken += 1;
      if (check.examples.length < maxExamples) check.examples.push(what());
    },
    checks: () => [...checks.values()].sort((a, b) => a.name.localeCompare(b.name)),
    isWhole: () => [...checks.values()].every(({ broken }) => broken === 0),
  };
}
