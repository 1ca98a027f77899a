import fc from "fast-check";
import { expect, test } from "vitest";
import { approvalIdOf, isRunId, maxApprovals, newRunId, runOfApproval } from "../../src/run/ids.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz".split("");
const seeded = fc.string().map((seed) => newRunId(seed));

test("an id has a fixed shape, with a place that is reserved", () => {
  for (const id of [newRunId(), newRunId("seed")]) {
    expect(id).toMatch(/^run_00[0-9a-hjkmnp-tv-z]{30}$/);
    expect(isRunId(id)).toBe(true);
    expect(approvalIdOf(id, 0)).toMatch(/^apr_00[0-9a-hjkmnp-tv-z]{33}$/);
  }
});

test("one seed gives one id, in every release, and no seed gives another every time", () => {
  expect(newRunId("seed")).toBe("run_001mac1h4htj8jsnmwqxgcymzm48fezp");
  expect(approvalIdOf(newRunId("seed"), 7)).toBe("apr_001mac1h4htj8jsnmwqxgcymzm48007sy6m");
  const ids = new Set(Array.from({ length: 1000 }, () => newRunId()));
  expect(ids.size).toBe(1000);
});

test("two seeds give two ids", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, two) => {
      expect(newRunId(one) === newRunId(two)).toBe(one === two);
    }),
  );
});

test("an approval's id leads to its run, whatever its number", () => {
  fc.assert(
    fc.property(seeded, fc.nat(maxApprovals - 1), (run, n) => {
      expect(runOfApproval(approvalIdOf(run, n))).toBe(run);
    }),
  );
  for (const n of [0, 31, 32, 1023, 1024, maxApprovals - 1])
    expect(runOfApproval(approvalIdOf(newRunId("seed"), n))).toBe(newRunId("seed"));
});

test("a run's ids number as many approvals as it may ask for, and no two alike", () => {
  const run = newRunId("seed");
  const ids = new Set(Array.from({ length: maxApprovals }, (_, n) => approvalIdOf(run, n)));
  expect(maxApprovals).toBe(32_768);
  expect(ids.size).toBe(maxApprovals);
});

/** Every id that differs from this one in one character. */
function mistyped(id: string): string[] {
  return id
    .split("")
    .flatMap((char, at) =>
      [...alphabet, "o", "l", "_", "-", "A", " "]
        .filter((other) => other !== char)
        .map((other) => id.slice(0, at) + other + id.slice(at + 1)),
    );
}

test("one mistyped character, wherever it is, makes an id that is none", () => {
  for (const seed of ["a", "b", "c", "d", "e"]) {
    const run = newRunId(seed);
    const approval = approvalIdOf(run, 5);
    expect(mistyped(run).filter(isRunId)).toEqual([]);
    expect(mistyped(approval).filter((id) => runOfApproval(id) !== null)).toEqual([]);
  }
});

test("two characters that changed places, one that is missing, and one too many are noticed", () => {
  const run = newRunId("seed");
  for (let at = 4; at < run.length - 1; at++) {
    const swapped = run.slice(0, at) + run[at + 1] + run[at] + run.slice(at + 2);
    if (swapped !== run) expect(isRunId(swapped)).toBe(false);
    expect(isRunId(run.slice(0, at) + run.slice(at + 1))).toBe(false);
    expect(isRunId(`${run.slice(0, at)}0${run.slice(at)}`)).toBe(false);
  }
});

test("what was not made here is no id", () => {
  const run = newRunId("seed");
  const approval = approvalIdOf(run, 0);
  const strangers = ["", "run_", run.toUpperCase(), ` ${run}`, `${run}\n`, run.slice(4), approval];
  expect(strangers.filter(isRunId)).toEqual([]);
  const others = [
    "",
    "apr_",
    run,
    approval.toUpperCase(),
    `${approval}\n`,
    approval.replace("apr", "run"),
  ];
  expect(others.map(runOfApproval)).toEqual(others.map(() => null));
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...alphabet), minLength: 32, maxLength: 35 }),
      (body) => {
        expect([isRunId(`run_${body}`), runOfApproval(`apr_${body}`)]).toEqual([false, null]);
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});
