import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { RunView } from "../../src/run/view.ts";
import type { Client } from "./client.ts";
import type { Conductor } from "./conductor.ts";
import { type Deciders, keyBefore } from "./deciders.ts";
import type { History } from "./history.ts";
import type { Ledger } from "./ledger.ts";
import { pathOf } from "./plans.ts";
import type { Random } from "./random.ts";
import type { Runs } from "./runs.ts";
import { sleep } from "./runtime.ts";

interface Parts {
  conductor: Conductor;
  deciders: Deciders;
  history: History;
  ledger: Ledger;
  random: Random;
  runs: Runs;
}

/** Finds what waits for a decision, and reads here and there, until stopped. */
export async function keepReading(
  client: Client,
  { conductor, deciders, history, ledger, random, runs }: Parts,
  isStopped: () => boolean,
): Promise<void> {
  const known = new Set<string>();
  const readOne = async (): Promise<void> => {
    if (known.size > 0) {
      const id = random.pick([...known].slice(-60));
      const answer = await client.tryAsk<ApprovalRecord>("GET", `/approvals/${id}`);
      if (answer?.status === 200) history.approval("object", answer.body, answer);
      else if (answer) ledger.check("what was accepted is found again", false, () => id);
    }
    const there = runs.there().slice(-60);
    if (there.length === 0) return;
    const { id, plan } = random.pick(there);
    const answer = await client.tryAsk<RunView>("GET", `${pathOf(plan)}/${id}`);
    if (answer?.status === 200) history.run(answer.body, answer);
    else if (answer) ledger.check("what was accepted is found again", false, () => id);
  };
  for (let turn = 0; !isStopped(); turn++) {
    const path = `/approvals?limit=500${turn % 6 === 0 ? "" : "&status=pending"}`;
    const page = await client.tryAsk<{ data: ApprovalRecord[] }>("GET", path);
    for (const record of page?.body.data ?? []) {
      if (page !== null) history.approval("list", record, page);
      if (record.context["reason"] === "unknown_outcome")
        conductor.confirm(`call ${keyBefore(record)}`);
      known.add(record.id);
      if (record.status === "pending") deciders.see(record);
    }
    await readOne();
    await sleep(100);
  }
}

/** Does now and then what operators and the cron do, which must never harm. */
export async function keepProdding(
  client: Client,
  { random, runs }: Parts,
  isStopped: () => boolean,
): Promise<void> {
  while (!isStopped()) {
    await sleep(random.int(200, 1_200));
    const there = runs.there().slice(-60);
    if (there.length === 0) continue;
    const run = `/ops/runs/${random.pick(there).id}`;
    await client.tryAsk("POST", random.pick([`${run}/poke`, `${run}/project`, "/ops/sweep"]));
  }
}
