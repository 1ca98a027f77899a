import { Webhook } from "standardwebhooks";
import type { RunStatus } from "../../src/approval/record.ts";
import type { Client } from "./client.ts";
import type { Conductor } from "./conductor.ts";
import type { Ledger } from "./ledger.ts";
import type { Redelivery, RootPlan } from "./plans.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";
import { type Event, webhookSecret } from "./wire.ts";

/** What a delivery is answered with. */
export interface Acknowledged {
  event_id: string;
  run_id: string;
  session_id: string;
  status: RunStatus;
}

/** An event with everything that became of its deliveries; null where no answer came. */
export interface SentEvent {
  plan: RootPlan;
  /** What its sender was told first. */
  acknowledged: Acknowledged | null;
  deliveries: { when: "first" | "again" | Redelivery; acknowledged: Acknowledged | null }[];
}

/** Whoever sends events to the webhooks: each until it is acknowledged, and some of them more often than that. */
export interface Sender {
  /** Delivers the event that starts the plan's run until it is acknowledged; the run's id. */
  send(plan: RootPlan): Promise<string>;
  /** The events by the keys of their plans. */
  readonly sent: ReadonlyMap<string, SentEvent>;
  /** How many redeliveries have not been made yet, or not been answered. */
  waiting(): number;
}

/** Some senders do not wait for the answer: they hang up, so soon, and deliver again. */
const hangsUp = { share: 0.15, maxMs: 40 };

const signer = new Webhook(webhookSecret);

export function createSender(
  client: Client,
  {
    conductor,
    isOver,
    ledger,
    random,
  }: {
    conductor: Pick<Conductor, "kills">;
    isOver: (runId: string) => boolean;
    ledger: Ledger;
    random: Random;
  },
): Sender {
  const sent = new Map<string, SentEvent>();
  let waiting = 0;

  const hasEnded = ({ acknowledged }: SentEvent): boolean =>
    acknowledged !== null && isOver(acknowledged.run_id);

  const deliver = async (
    event: SentEvent,
    when: SentEvent["deliveries"][number]["when"],
    maxMs?: number,
  ): Promise<Acknowledged | null> => {
    const delivery: SentEvent["deliveries"][number] = { when, acknowledged: null };
    event.deliveries.push(delivery);
    const isLate = hasEnded(event);
    const { agentId, idempotencyKey: id, message, userId } = event.plan;
    const body = JSON.stringify({ message, user_id: userId } satisfies Event);
    // Signed anew each time, as senders do who may take hours to get through.
    const at = new Date();
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": signer.sign(id, at, body),
    };
    const answer = await client.tryDeliver(`/webhooks/${agentId}`, body, headers, maxMs);
    if (answer === null) return null;
    ledger.check(
      "W2 an event is acknowledged, however often it is delivered",
      answer.status === 202,
      () => `${message} ${when}: ${answer.status} ${answer.body}`,
    );
    const acknowledged = JSON.parse(answer.body || "{}") as Acknowledged;
    delivery.acknowledged = acknowledged;
    event.acknowledged ??= acknowledged;
    const { event_id, run_id, session_id } = event.acknowledged;
    const isSame =
      acknowledged.event_id === event_id &&
      acknowledged.run_id === run_id &&
      acknowledged.session_id === session_id;
    ledger.check("W2 every delivery of an event names the same run", isSame, () => {
      return `${message} ${when}: ${run_id}, then ${answer.body}`;
    });
    ledger.check(
      "D9 an event that comes once its run has ended changes nothing",
      !isLate || acknowledged.status === "COMPLETED" || acknowledged.status === "CANCELLED",
      () => `${message} ${when}: ${answer.body}`,
    );
    return acknowledged;
  };

  const redeliver = async (event: SentEvent, when: Redelivery): Promise<void> => {
    const { kills } = conductor;
    if (when === "meanwhile") await sleep(random.int(1, 20));
    if (when === "after a kill")
      while (conductor.kills === kills && !hasEnded(event)) await sleep(50);
    if (when === "once it has ended") while (!hasEnded(event)) await sleep(50);
    await deliver(event, when);
  };

  return {
    async send(plan) {
      const known = sent.get(plan.idempotencyKey);
      const event = known ?? { plan, acknowledged: null, deliveries: [] };
      sent.set(plan.idempotencyKey, event);
      for (const when of known === undefined ? plan.redeliveries : []) {
        waiting += 1;
        redeliver(event, when)
          .catch((error: unknown) => {
            ledger.check("the campaign itself does not fail", false, () => String(error));
          })
          .finally(() => {
            waiting -= 1;
          });
      }
      const maxMs = random.chance(hangsUp.share) ? random.int(1, hangsUp.maxMs) : undefined;
      let acknowledged = await deliver(event, "first", maxMs);
      while (acknowledged === null) {
        await sleep(20);
        acknowledged = await deliver(event, "again");
      }
      return acknowledged.run_id;
    },
    sent,
    waiting: () => waiting,
  };
}
