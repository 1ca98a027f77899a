import fc from "fast-check";
import type { Decider, Decision } from "../../../src/approval/decision.ts";
import type { UserAnswer } from "../../../src/run/answer.ts";
import { pendingApprovals } from "../../../src/run/state.ts";
import type { Report, Simulation } from "./simulation.ts";
import { type Deployment, deployments, expiresInMs, toolNames } from "./toolbox.ts";

/** One thing that may happen to a run; numbers pick among what there is then. */
type Move =
  | { move: "the model asks"; calls: { name: string; text: string; id: string | null }[] }
  | { move: "the model fails"; retryInMs: number | null }
  | { move: "a tool reports"; which: number; report: Report }
  | {
      move: "somebody decides";
      which: number;
      again: boolean;
      decision: Decision;
      decider: Decider;
    }
  | { move: "the user answers"; confirmed: boolean | null; by: "id" | "toolCallId" }
  | { move: "time passes"; ms: number }
  | { move: "the instance dies"; deployment?: Deployment }
  | { move: "the run is cancelled" };

const people: Decider[] = [
  { principal: "user:ann", shared: false, claim: null },
  { principal: "root", shared: true, claim: "Bob" },
  { principal: "root", shared: true, claim: null },
];

const data = fc.constantFrom(
  null,
  { note: "no" },
  { action: "retry" },
  { action: "done", result: "by hand" },
  { values: { n: 7 } },
  { n: 8 },
  { result: { ok: true } },
  { args: { n: 9 } },
);

const questions = fc.nat(2).map((n) => JSON.stringify({ n }));
const nonsense = fc.constantFrom("{}", "{", '{"n":1,"n":1}', '{"n":1,"confirmed":true}');

/** Ids as models give them: fresh, repeated, none, and made up to look like kern's own of the call at that place. */
const ids = fc.constantFrom(null, "x", "call_0", "call_1", "kern's 0", "kern's 1");

const calls = fc.array(
  fc.record({
    name: fc.constantFrom(...toolNames),
    text: fc.oneof({ weight: 6, arbitrary: questions }, { weight: 1, arbitrary: nonsense }),
    id: ids,
  }),
  { minLength: 1, maxLength: 4 },
);

function happens<M extends Move["move"]>(
  weight: number,
  move: M,
  rest: {
    [K in Exclude<keyof Extract<Move, { move: M }>, "move">]: fc.Arbitrary<
      Extract<Move, { move: M }>[K]
    >;
  },
): { weight: number; arbitrary: fc.Arbitrary<Move> } {
  const arbitrary = fc.record({ move: fc.constant(move), ...rest } as never);
  return { weight, arbitrary: arbitrary as unknown as fc.Arbitrary<Move> };
}

export const stories = fc.array(
  fc.oneof(
    happens(18, "the model asks", { calls }),
    happens(3, "the model fails", { retryInMs: fc.constantFrom(1, 1, 50, 50, null) }),
    happens(18, "a tool reports", {
      which: fc.nat(5),
      report: fc.constantFrom<Report>("succeeded", "succeeded", "failed", "late", "not done"),
    }),
    happens(24, "somebody decides", {
      which: fc.nat(9),
      again: fc.boolean(),
      decision: fc.record({
        status: fc.constantFrom<Decision["status"]>("approved", "approved", "rejected"),
        data,
      }),
      decider: fc.constantFrom(...people),
    }),
    happens(6, "the user answers", {
      confirmed: fc.constantFrom(true, true, false, null),
      by: fc.constantFrom("id", "toolCallId"),
    }),
    happens(6, "time passes", { ms: fc.constantFrom(1, 60, expiresInMs / 2, expiresInMs) }),
    happens(6, "the instance dies", { deployment: fc.constant(undefined) }),
    happens(6, "the instance dies", { deployment: fc.constantFrom("as it was", ...deployments) }),
    happens(1, "the run is cancelled", {}),
  ),
  { size: "max", maxLength: 60 },
);

export function play(simulation: Simulation, move: Move): void {
  const { state } = simulation;
  switch (move.move) {
    case "the model asks": {
      const prefix = `${simulation.runId}.${state.steps.at(-1)?.n ?? 0}.`;
      const toolCalls = move.calls.map(({ id, name, text }) => ({
        id: id?.replace("kern's ", prefix) ?? null,
        name,
        arguments: text,
      }));
      return simulation.reply({ content: "Hm.", toolCalls, usage: null });
    }
    case "the model fails":
      return simulation.fail(move.retryInMs === null ? null : simulation.nowMs + move.retryInMs);
    case "a tool reports": {
      const work = [...simulation.work.keys()];
      return simulation.report(work[move.which % work.length] ?? "", move.report);
    }
    case "somebody decides": {
      const among = move.again ? [...state.approvals.values()] : pendingApprovals(state);
      const approval = among[move.which % among.length];
      if (approval !== undefined) simulation.decide(approval.id, move.decision, move.decider);
      return;
    }
    case "the user answers": {
      const answers = [...state.calls.values()].map((call) =>
        answerTo(call[move.by], move.confirmed),
      );
      return simulation.answerAsUser(answers);
    }
    case "time passes":
      simulation.nowMs += move.ms;
      return simulation.advance();
    case "the instance dies":
      return simulation.crash(move.deployment);
    case "the run is cancelled":
      return simulation.cancel();
  }
}

function answerTo(id: string, confirmed: boolean | null): UserAnswer {
  const fields = { user_input_schema: [{ name: "n", value: 3 }], result: "from elsewhere" };
  const answer = { tool_call_id: id, confirmed, confirmation_note: "so" };
  return confirmed === false ? answer : { ...answer, ...fields };
}

/** From here on everybody does their part; the run must come to its end. */
export function settle(simulation: Simulation): void {
  if (simulation.deployment === "no agent") simulation.crash("as it was");
  for (let turn = 0; simulation.state.ended === null || simulation.work.size > 0; turn++) {
    if (turn === 100) throw new Error("The run does not come to its end.");
    simulation.nowMs += 20;
    simulation.advance();
    simulation.reply({ content: "Bye.", toolCalls: [], usage: null });
    for (const name of simulation.work.keys()) simulation.report(name, "succeeded");
    for (const { id } of pendingApprovals(simulation.state)) approveSomehow(simulation, id);
    const waiting = [...simulation.state.calls.values()].filter(({ phase }) => phase === "waiting");
    // What a deployment made unanswerable can still be turned down.
    simulation.answerAsUser(waiting.map(({ id }) => answerTo(id, turn < 50)));
  }
}

/** Approves with the first data that the approval takes. */
function approveSomehow(simulation: Simulation, id: string): void {
  const [decider] = people;
  if (decider === undefined) return;
  const offers = [null, { values: { n: 1 } }, { result: "r" }, { action: "done", result: "r" }];
  for (const offer of offers) {
    const decision = { status: "approved", data: offer } as const;
    if (simulation.decide(id, decision, decider) === "accepted") return;
  }
}
