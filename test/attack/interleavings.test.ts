import fc from "fast-check";
import { expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { canonicalJson } from "../../src/approval/call-hash.ts";
import { pendingApprovals, statusOf } from "../../src/run/state.ts";
import { simulate } from "./simulate.ts";
import type { Simulation } from "./simulation.ts";

const runs = 150;

const names = ["pay", "say", "free", "fill", "set", "ship", "look"];
const nothing = { content: "", toolCalls: [], usage: null };
const weights = {
  work: 120,
  resolve: 70,
  ring: 40,
  crash: 25,
  answer: 20,
  clock: 20,
  look: 20,
  deploy: 10,
  "storage fails": 10,
  "database fails": 10,
  cancel: 3,
} as const;
interface Op {
  what: keyof typeof weights;
  which: number;
  how: number;
}

/** Something happens to the run; what cannot happen now does not. */
async function happen(sim: Simulation, { how, what, which }: Op): Promise<void> {
  const pick = <T>(list: readonly T[]): T | undefined => list[which % Math.max(1, list.length)];
  switch (what) {
    case "work": {
      const work = pick(sim.waiting);
      if (work === undefined) return;
      sim.waiting.splice(sim.waiting.indexOf(work), 1);
      const toolCalls = Array.from({ length: [1, 2, 3, 2, 1, 0, 4, 0][how] ?? 0 }, (_, i) => ({
        id: "same",
        name: names[(which + i * (how + 1)) % names.length] ?? "",
        arguments: `{"a":${(which + i) % 3}}`,
      }));
      if (how === 7) work.fail(new Error("It failed."));
      else work.answer(work.what === "model" ? { ...nothing, toolCalls } : "done");
      return;
    }
    case "resolve": {
      const approvals = [...(sim.state?.approvals.values() ?? [])];
      const open = approvals.filter(({ status }) => status === "pending");
      const asked = pick(how === 6 || open.length === 0 ? approvals : open);
      if (asked)
        await sim.resolve(asked.id, how % 4 === 0 ? "rejected" : "approved", how % 2 === 0);
      return;
    }
    case "answer":
      await sim.answer(how % 4 !== 0);
      return;
    case "cancel":
      return sim.cancel();
    case "clock":
      sim.nowMs += [1000, 60_000, 3_600_000, 90_000_000, -60_000][which % 5] ?? 0;
      return;
    case "crash":
      return sim.crash();
    case "look":
      return sim.view();
    case "deploy":
      sim.release = how;
      return;
    case "storage fails":
      sim.failingWrites = 1 + (how % 2);
      return;
    case "database fails":
      sim.databaseDown = how % 2 === 0;
      return;
    case "ring":
      sim.ring();
  }
}

/** What neither the run's own row nor the tool as it is by now has a say in. */
function asStored(record: ApprovalRecord | null): unknown {
  const moving = new Set(["run_status", "user_input_schema"]);
  return JSON.parse(
    JSON.stringify(record, (name, value: unknown) => (moving.has(name) ? null : value)),
  );
}

interface Seen {
  decided: Map<string, string>;
  ended: string | null;
}

/** What must hold after everything that happened. */
function check(sim: Simulation, seen: Seen): void {
  const state = sim.state;
  if (state === null) return;
  const approvals = [...state.approvals.values()];
  for (const { id, resolvedAtMs, resolvedBy, status } of approvals) {
    if (status === "pending") continue;
    const decision = `${status} ${resolvedBy} ${resolvedAtMs}`;
    expect(seen.decided.get(id) ?? decision).toBe(decision);
    seen.decided.set(id, decision);
  }
  const waiting = [...state.calls.values()].flatMap(({ approvalId, phase }) =>
    phase === "waiting" && approvalId !== null ? [approvalId] : [],
  );
  const open = pendingApprovals(state).map(({ id }) => id);
  expect(open.toSorted()).toEqual(waiting.toSorted());
  const ended = state.ended?.status ?? null;
  if (seen.ended !== null) expect(ended).toBe(seen.ended);
  seen.ended = ended;

  const keys = new Set<string>();
  for (const { approvalId, args, atMs, effect, hitl, key, late, required } of sim.effects) {
    expect(late).toBe(false);
    const asked = approvalId === null ? undefined : state.approvals.get(approvalId);
    if (required) expect(asked).toBeDefined();
    if (asked !== undefined) {
      expect([asked.status, asked.key, asked.consumedBy]).toEqual(["approved", key, key]);
      expect(args).toBe(canonicalJson(asked.approvedArgs ?? asked.args));
      expect(asked.resolvedAtMs).toBeLessThan(asked.expiresAtMs ?? 0);
      if (required && !keys.has(key))
        expect(atMs).toBeLessThanOrEqual((asked.resolvedAtMs ?? 0) + asked.useWithinMs);
    } else if (hitl) {
      // Unless its outcome became unknown, and approvers were asked about it.
      const call = [...state.calls.values()].find((one) => one.key === key);
      if (call?.approvalId === null) expect(call.userConfirmed).toBe(true);
    }
    if (effect !== "idempotent") expect(keys.has(key), `${key} ran twice`).toBe(false);
    keys.add(key);
  }
}

/** From here on everybody does what they are asked, and nothing fails: the run must come to its end. */
async function finish(sim: Simulation, seen: Seen, turn: () => Promise<void>): Promise<void> {
  sim.failingWrites = 0;
  sim.databaseDown = false;
  sim.release %= 7;
  for (let round = 0; round < 150; round++) {
    const state = sim.state;
    if (
      state === null ||
      (state.ended !== null && sim.waiting.length === 0 && sim.alarmMs === null)
    )
      return;
    for (const { id } of pendingApprovals(state)) await sim.resolve(id, "approved", true);
    if (statusOf(state) === "PAUSED") await sim.answer(true);
    for (const work of sim.waiting.splice(0)) work.answer(work.what === "model" ? nothing : "done");
    await turn();
    check(sim, seen);
    if (sim.waiting.length > 0 || sim.alarmMs === null) continue;
    sim.nowMs = Math.max(sim.nowMs, sim.alarmMs);
    sim.ring();
    await turn();
  }
  const state = sim.state;
  throw new Error(
    `Stuck: ${state && statusOf(state)} ${JSON.stringify(state && [...state.calls.values()], null, 1)} alarm ${sim.alarmMs} waiting ${sim.waiting.length}`,
  );
}

const what = fc.oneof(
  ...Object.entries(weights).map(([name, weight]) => ({
    arbitrary: fc.constant(name as Op["what"]),
    weight,
  })),
);
const ops = fc.array(fc.noBias(fc.record({ what, which: fc.nat(7), how: fc.nat(7) })), {
  minLength: 20,
  maxLength: 120,
  size: "max",
});

/** How an approval's record, the copy of it, and its call go together once everything is over. */
async function compare(sim: Simulation): Promise<void> {
  const approvals = [...(sim.state?.approvals.values() ?? [])];
  for (const { callId, id } of approvals) {
    const record = await sim.record(id);
    expect(asStored(sim.rows.get(id)?.record ?? null)).toEqual(asStored(record));
    const asked = approvals.filter((one) => one.callId === callId && one.type === "required");
    if (asked.length === 1 && asked[0]?.id === id)
      expect(record?.call_outcome).toBe(sim.state?.calls.get(callId)?.outcome);
  }
}

test("whatever happens in whatever order, nothing runs unasked or twice, no decision is undone, and the run ends", async () => {
  let effects = 0;
  await simulate(async (make, turn) => {
    await fc.assert(
      fc.asyncProperty(ops, async (list) => {
        const sim = make();
        const seen: Seen = { decided: new Map(), ended: null };
        await sim.start();
        for (const op of list) {
          await happen(sim, op).catch((error: unknown) => {
            if (!/out of reach/.test(String(error))) throw error;
          });
          await turn();
          check(sim, seen);
        }
        await finish(sim, seen, turn);
        await compare(sim);
        effects += sim.effects.length;
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });
  expect(effects).toBeGreaterThan(runs);
}, 600_000);
