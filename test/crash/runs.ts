import type { RunStatus } from "../../src/approval/record.ts";
import type { RunEvent } from "../../src/run/events.ts";
import type { RunView } from "../../src/run/view.ts";
import { checkDismissed } from "./check-told.ts";
import type { Client } from "./client.ts";
import { familyOf, grow, plansIn, type StartedRun, topOf } from "./family.ts";
import type { Ledger } from "./ledger.ts";
import { checkStream, closing, eventsOf } from "./streams.ts";
import { pathOf, planOf, type RootPlan, type RunPlan } from "./plans.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";
import type { Sender } from "./sender.ts";

/** Those who start runs, and cancel some. */
export interface Runs {
  planOf(message: string): RunPlan | undefined;
  /** The runs that were accepted, without those of members. */
  readonly started: ReadonlyMap<string, StartedRun>;
  /** All of them, members' included, of which some may never come to be. */
  readonly known: ReadonlyMap<string, StartedRun>;
  /** Those of them that are known to be there, the latest of them last. */
  there(): StartedRun[];
  /** Whether whoever started it still waits to hear that it was accepted. */
  isUnanswered(plan: RunPlan): boolean;
  /** Notes that a run is there and where it stands, as its own reports say; null where they do not say that. */
  note(runId: string, status: RunStatus | null): void;
  /** Whether a report said that it has ended. */
  isOver(runId: string): boolean;
  /** How many are planned, accepted or not, members' included. */
  planned(): number;
  /** How many requests to start or cancel have not been answered. */
  waiting(): number;
  /** Starts runs, until stopped, so that with those of their members about `width` are under way at a time. */
  keepStarting(isStopped: () => boolean): Promise<void>;
}

const ended = new Set<RunStatus>(["COMPLETED", "CANCELLED", "ERROR"]);

export function createRuns(
  client: Client,
  { seed, width }: { seed: number; width: number },
  { ledger, random, sender }: { ledger: Ledger; random: Random; sender: Sender },
): Runs {
  const plans = new Map<string, RunPlan>();
  const started = new Map<string, StartedRun>();
  const known = new Map<string, StartedRun>();
  const there = new Set<string>();
  const asking = new Set<RunPlan>();
  const over = new Set<string>();
  /** How many runs each that was accepted is, with those of its members. */
  const sizes = new Map<string, number>();
  let roots = 0;
  let waiting = 0;

  /** A member's run counts until its team's is over: it may never come to be. */
  const underWay = (): number =>
    [...sizes].reduce((sum, [id, size]) => (over.has(id) ? sum - size : sum), plans.size);

  const ask = async (plan: RootPlan): Promise<string> => {
    const { idempotencyKey, message, start, userId } = plan;
    const isStream = start === "stream";
    const background = start === "background";
    const body = { message, user_id: userId, background, stream: isStream };
    const path = pathOf(plan);
    if (isStream) return follow(path, body, idempotencyKey);
    asking.add(plan);
    if (start === "webhook") return sender.send(plan).finally(() => asking.delete(plan));
    const answer = await client.ask<RunView>("POST", path, body, idempotencyKey);
    asking.delete(plan);
    ledger.check("a start is accepted, however often it is repeated", answer.status < 300, () => {
      return `${message}: ${answer.status} ${JSON.stringify(answer.body)}`;
    });
    return answer.body.run_id;
  };

  /** Reads a run's events to the end, from the beginning again where that was cut off. */
  const follow = async (path: string, body: object, key: string): Promise<string> => {
    for (let before: RunEvent[] = []; ; await sleep(20)) {
      const answer = await client.tryText("POST", path, body, key);
      const events = answer === null ? [] : eventsOf(answer.body);
      const last = events.at(-1);
      if (last === undefined) continue;
      before = checkStream(events, before, ledger);
      if (closing.has(last.event)) return last.run_id;
      ledger.check("a stream that ends says why", answer?.status !== 200, () => {
        return `${last.run_id}: ${last.event}`;
      });
    }
  };

  const cancel = async (run: StartedRun, afterMs: number): Promise<void> => {
    // In the middle: a member, or a team that has one, once that is there, which it may never be.
    const awaited = run.parent === null ? [...run.members.values()] : [run];
    while (awaited.length > 0 && !awaited.some(({ id }) => there.has(id))) {
      if (over.has(topOf(run).id)) return;
      await sleep(50);
    }
    await sleep(afterMs);
    const cancelled = await client.ask("POST", `${pathOf(run.plan)}/${run.id}/cancel`);
    ledger.check("a cancellation is accepted", cancelled.status === 200, () => {
      return `${run.id}: ${cancelled.status}`;
    });
    run.cancelledMs = cancelled.gotMs;
    await checkDismissed(run, cancelled, { client, ledger });
  };

  const start = async (plan: RootPlan): Promise<void> => {
    const [id = "", ...others] = await Promise.all(
      plan.isDoubled ? [ask(plan), ask(plan)] : [ask(plan)],
    );
    ledger.check(
      "a start that is repeated makes one run",
      others.every((other) => other === id),
      () => `${plan.message}: ${id}, ${others.join(", ")}`,
    );
    const run = grow(id, plan);
    started.set(id, run);
    const family = familyOf(run);
    sizes.set(id, family.length);
    for (const one of family) known.set(one.id, one);
    await Promise.all(
      family.map(async (one) => {
        if (one.plan.cancelAfterMs !== null) await cancel(one, one.plan.cancelAfterMs);
      }),
    );
  };

  return {
    planOf: (message) => plans.get(message),
    started,
    known,
    there: () => [...there].flatMap((id) => known.get(id) ?? []),
    isUnanswered: (plan) => asking.has(plan),
    note(runId, status) {
      there.add(runId);
      if (status !== null && ended.has(status)) over.add(runId);
    },
    isOver: (runId) => over.has(runId),
    planned: () => plans.size,
    waiting: () => waiting,
    async keepStarting(isStopped) {
      while (!isStopped()) {
        while (underWay() < width && !isStopped()) {
          const plan = planOf(seed, roots++);
          for (const one of plansIn(plan)) plans.set(one.message, one);
          waiting += 1;
          start(plan)
            .catch((error: unknown) => {
              ledger.check("the campaign itself does not fail", false, () => String(error));
            })
            .finally(() => {
              waiting -= 1;
            });
          await sleep(random.int(0, 30));
        }
        await sleep(50);
      }
    },
  };
}
