import type { RunStatus } from "../../src/approval/record.ts";
import type { RunEvent } from "../../src/run/events.ts";
import type { RunView } from "../../src/run/view.ts";
import type { Client } from "./client.ts";
import type { Ledger } from "./ledger.ts";
import { checkStream, closing, eventsOf } from "./streams.ts";
import { planOf, type RunPlan } from "./plans.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";

/** A run that was accepted. */
export interface StartedRun {
  id: string;
  plan: RunPlan;
  acceptedMs: number;
  /** When its cancellation was acknowledged; null where nobody asked for that. */
  cancelledMs: number | null;
}

/** Those who start runs, and cancel some. */
export interface Runs {
  planOf(message: string): RunPlan | undefined;
  readonly started: ReadonlyMap<string, StartedRun>;
  /** Whether whoever started it still waits to hear that it was accepted. */
  isUnanswered(plan: RunPlan): boolean;
  /** Notes where a run stands, as its own reports say. */
  note(runId: string, status: RunStatus): void;
  /** Whether a report said that it has ended. */
  isOver(runId: string): boolean;
  /** How many are planned, accepted or not. */
  planned(): number;
  /** How many requests to start or cancel have not been answered. */
  waiting(): number;
  /** Starts runs, `width` at a time, until stopped. */
  keepStarting(isStopped: () => boolean): Promise<void>;
}

const ended = new Set<RunStatus>(["COMPLETED", "CANCELLED", "ERROR"]);

export function createRuns(
  client: Client,
  { seed, width }: { seed: number; width: number },
  { ledger, random }: { ledger: Ledger; random: Random },
): Runs {
  const plans: RunPlan[] = [];
  const started = new Map<string, StartedRun>();
  const asking = new Set<RunPlan>();
  const over = new Set<string>();
  let waiting = 0;

  const ask = async (plan: RunPlan): Promise<string> => {
    const { agentId, idempotencyKey, message, n, start } = plan;
    const isStream = start === "stream";
    const background = start === "background";
    const body = { message, user_id: `user-${n}`, background, stream: isStream };
    const path = `/agents/${agentId}/runs`;
    if (isStream) return follow(path, body, idempotencyKey);
    asking.add(plan);
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

  const start = async (plan: RunPlan): Promise<void> => {
    const [id = "", ...others] = await Promise.all(
      plan.isDoubled ? [ask(plan), ask(plan)] : [ask(plan)],
    );
    ledger.check(
      "a start that is repeated makes one run",
      others.every((other) => other === id),
      () => `${plan.message}: ${id}, ${others.join(", ")}`,
    );
    const run: StartedRun = { id, plan, acceptedMs: performance.now(), cancelledMs: null };
    started.set(id, run);
    if (plan.cancelAfterMs === null) return;
    await sleep(plan.cancelAfterMs);
    const cancelled = await client.ask("POST", `/agents/${plan.agentId}/runs/${id}/cancel`);
    ledger.check("a cancellation is accepted", cancelled.status === 200, () => {
      return `${id}: ${cancelled.status}`;
    });
    run.cancelledMs = cancelled.gotMs;
  };

  return {
    planOf: (message) => plans[Number(/^run (\d+)$/.exec(message)?.[1])],
    started,
    isUnanswered: (plan) => asking.has(plan),
    note(runId, status) {
      if (ended.has(status)) over.add(runId);
    },
    isOver: (runId) => over.has(runId),
    planned: () => plans.length,
    waiting: () => waiting,
    async keepStarting(isStopped) {
      while (!isStopped()) {
        while (plans.length - over.size < width && !isStopped()) {
          const plan = planOf(seed, plans.length);
          plans.push(plan);
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
