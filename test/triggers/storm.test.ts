import {
  createExecutionContext,
  listDurableObjectIds,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { bindings, get, settle } from "../client.ts";
import { randomOf } from "../crash/random.ts";
import { clock } from "../world.ts";
import worker from "../worker.ts";
import { stormTrigger, stormVars } from "./storm-trigger.ts";

/** KERN_SEEDS=200 is the whole storm, of 2,000 deliveries; the suite has a slice of it. */
const events = Number((env as { KERN_SEEDS?: string }).KERN_SEEDS) || 50;
const deliveriesEach = 10;
const atATime = 50;

interface Accepted {
  event_id: string;
  run_id: string;
  session_id: string;
}

interface Logged {
  id: string;
  run_id: string | null;
  status: string;
  deliveries: number;
}

const signer = new Webhook(stormVars.STORM_SECRET);

/** Delivers the n-th event, and waits for what goes on after the answer. */
async function deliver(n: number): Promise<Accepted> {
  const id = `msg_storm_${n}`;
  const at = new Date(clock.now());
  const body = JSON.stringify({ n });
  const ctx = createExecutionContext();
  const request = new Request(`http://localhost/webhooks/${stormTrigger.id}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": signer.sign(id, at, body),
    },
    body,
  });
  const answer = await worker.fetch(request, { ...bindings, ...stormVars }, ctx);
  const accepted = await answer.json<Accepted>();
  expect(answer.status, JSON.stringify(accepted)).toBe(202);
  await waitOnExecutionContext(ctx);
  return accepted;
}

/** Each event as often as it is delivered, in an order that is the same every time. */
function shuffled(): number[] {
  const random = randomOf(1);
  const order = Array.from({ length: events * deliveriesEach }, (_, at) => at % events);
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.int(0, at);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}

/** What each event's deliveries were answered with. */
async function storm(order: readonly number[]): Promise<Map<number, Accepted[]>> {
  const answers = new Map<number, Accepted[]>();
  const queue = order.values();
  const sender = async (): Promise<void> => {
    for (const n of queue) {
      const accepted = await deliver(n);
      answers.set(n, [...(answers.get(n) ?? []), accepted]);
    }
  };
  await Promise.all(Array.from({ length: atATime }, sender));
  return answers;
}

test(
  `${events * deliveriesEach} deliveries of ${events} events, shuffled and fifty at a time, are ${events} runs`,
  { timeout: 300_000 },
  async () => {
    const before = new Set((await listDurableObjectIds(bindings.RUNS)).map(String));

    const answers = await storm(shuffled());

    expect(answers.size).toBe(events);
    const told = [...answers.values()];
    for (const same of told) expect(same).toHaveLength(deliveriesEach);
    // Where the run stands is another matter: it goes on meanwhile.
    const named = told.map((same) => [
      ...new Set(
        same.map(({ event_id, run_id, session_id }) => `${event_id} ${run_id} ${session_id}`),
      ),
    ]);
    expect(named.filter((names) => names.length > 1)).toEqual([]);
    const runIds = told.map(([first]) => first?.run_id ?? "");
    expect(new Set(runIds).size).toBe(events);

    const after = (await listDurableObjectIds(bindings.RUNS)).map(String);
    expect(after.filter((id) => !before.has(id)).sort()).toEqual(
      runIds.map((id) => String(bindings.RUNS.idFromName(id))).sort(),
    );
    for (const [n, [first]] of answers) {
      const run = await settle(first?.run_id ?? "");
      expect(run.status).toBe("COMPLETED");
      expect(run.requested_by).toBe("webhook:storm");
      expect(run.messages.find(({ role }) => role === "user")?.content).toBe(`storm ${n}`);
    }

    const { data, next_cursor } = await get<{ data: Logged[]; next_cursor: string | null }>(
      "/events?webhook=storm&limit=200",
    );
    expect(next_cursor).toBeNull();
    const expected = told.map(([first]) => ({
      id: first?.event_id,
      run_id: first?.run_id,
      status: "started",
      deliveries: deliveriesEach,
    }));
    expect(data).toHaveLength(events);
    expect(sorted(data)).toMatchObject(sorted(expected));
  },
);

function sorted<T extends { id?: string | undefined }>(events: readonly T[]): T[] {
  return events.toSorted((a, b) => ((a.id ?? "") < (b.id ?? "") ? -1 : 1));
}
