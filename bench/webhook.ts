import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import type { Aim } from "./aims.ts";
import { ask, send } from "./http.ts";
import type { Times } from "./list.ts";
import { quantile, type Spread, spread } from "./statistics.ts";
import { floor, floorSchema, kernSchema, kernWithWebhook, start } from "./world.ts";

/** From an event's delivery to its acknowledgement, in milliseconds. */
export interface Taken {
  kern: Times;
  /** A row of its own in an object of its own, over HTTP, and nothing else. */
  floor: Times;
  /** How many times as long kern takes in the median, round by round. */
  ratio: Spread;
}

const rounds = 7;
const events = 40;
const secret = `whsec_${btoa("b".repeat(32))}`;
const signer = new Webhook(secret);

/** Delivers events to the floor and to kern in turn; each run has come to its pause before the next event. */
export async function measureWebhook(modelUrl: string): Promise<Taken> {
  const floorServing = await start([floor], { modelUrl, schema: floorSchema });
  const kernServing = await start([kernWithWebhook(secret)], { modelUrl, schema: kernSchema });
  const [floorUrl = ""] = floorServing.urls;
  const [kernUrl = ""] = kernServing.urls;
  const playRound = async () => {
    const taken = { floor: [] as number[], kern: [] as number[] };
    for (let n = 0; n < events; n++) {
      taken.floor.push((await deliver(floorUrl)).tookMs);
      const { runId, tookMs } = await deliver(kernUrl);
      taken.kern.push(tookMs);
      await paused(kernUrl, runId);
    }
    return taken;
  };
  await playRound();
  const played = [];
  for (let round = 0; round < rounds; round++) played.push(await playRound());
  await floorServing.close();
  await kernServing.close();
  const timesOf = (taken: number[]) => ({ p50: quantile(taken, 0.5), p95: quantile(taken, 0.95) });
  return {
    kern: timesOf(played.flatMap(({ kern }) => kern)),
    floor: timesOf(played.flatMap(({ floor }) => floor)),
    ratio: spread(played.map(({ floor, kern }) => quantile(kern, 0.5) / quantile(floor, 0.5))),
  };
}

export function webhookAims({ ratio }: Taken): Aim[] {
  const name = "an event's acknowledgement beside the floor";
  return [{ name, limit: 3, unit: "×", value: ratio.median }];
}

let sent = 0;

async function deliver(url: string): Promise<{ runId: string; tookMs: number }> {
  const id = `msg_${++sent}`;
  const at = new Date();
  const text = JSON.stringify({ type: "user.left", data: { user_id: "u-42" } });
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signer.sign(id, at, text),
  };
  const startedMs = performance.now();
  const { run_id } = await send<{ run_id: string }>(`${url}/webhooks/crm`, {
    method: "POST",
    text,
    headers,
    expected: 202,
  });
  return { runId: run_id, tookMs: performance.now() - startedMs };
}

async function paused(url: string, runId: string): Promise<void> {
  const path = `${url}/agents/data-manager/runs/${runId}`;
  while ((await ask<{ status: string }>("GET", path)).status !== "PAUSED") await sleep(5);
}
