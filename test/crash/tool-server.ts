import type { Reconciliation } from "../../src/tools/tool.ts";
import type { Conductor } from "./conductor.ts";
import { type Handler, reply } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { delaysMs } from "./model-server.ts";
import { toolKinds } from "./plans.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";
import type { Effected } from "./wire.ts";

/** One call that reached the tool server. */
export interface Called extends Effected {
  atMs: number;
  /** The same moment by the clock that the runtime shares. */
  wallMs: number;
  /** Whether it took effect; a server may go away before that. */
  took: boolean;
}

/** One question what became of a call, with the answer that was on its way when the line broke. */
export interface Questioned {
  key: string;
  atMs: number;
  answer: Reconciliation["status"];
}

/** The world that tools act upon, with a memory of all that reached it. */
export function toolServer({
  conductor,
  ledger,
  random,
}: {
  conductor: Conductor;
  ledger: Ledger;
  random: Random;
}): { call: Handler; reconcile: Handler; called: Called[]; questioned: Questioned[] } {
  const called: Called[] = [];
  const questioned: Questioned[] = [];
  const call: Handler = async ({ body, isDead, response }) => {
    const nowMs = { atMs: performance.now(), wallMs: Date.now() };
    const entry: Called = { ...(body as Effected), ...nowMs, took: false };
    const { args, key, tool } = entry;
    const isVerifiable = toolKinds[tool]?.kind === "verifiable";
    const before = called.some((one) => one.key === key && one.took);
    ledger.check(
      "D1 a verifiable call that took effect is not executed again",
      !isVerifiable || !before,
      () => `${tool} ${key}`,
    );
    called.push(entry);
    const mark = `call ${key}`;
    conductor.confirm(mark);
    if (random.chance(0.5)) entry.took = true;
    const leadsTo = isVerifiable ? "reconcile asked, no answer" : undefined;
    await conductor.reach("tool called, no answer", { leadsTo });
    await sleep(random.chance(0.1) ? random.int(50, 300) : random.int(0, 15));
    if (isDead()) return;
    if (random.chance(0.01)) {
      response.writeHead(500).end();
      return;
    }
    entry.took = true;
    reply(response, `${tool} ${String(args["ref"])} took effect`);
    // Nobody would tell us that the outcome of such a call was lost: it is only told to the model.
    if (toolKinds[tool]?.kind === "once" && entry.approval === null) return;
    await conductor.reach("tool answered, result not stored", {
      mark,
      delayMs: random.pick(delaysMs),
    });
  };
  const reconcile: Handler = async ({ body, isDead, response }) => {
    const { key } = body as { key: string };
    conductor.confirm(`call ${key}`);
    const took = called.some((entry) => entry.key === key && entry.took);
    const answer = random.chance(0.1) ? "unknown" : took ? "done" : "not_done";
    questioned.push({ key, atMs: performance.now(), answer });
    await conductor.reach("reconcile asked, no answer");
    await sleep(random.int(0, 15));
    if (isDead()) return;
    reply(
      response,
      answer === "done" ? { status: "done", result: doneBefore } : { status: answer },
    );
  };
  return { call, called, questioned, reconcile };
}

/** What the model is told of a call that reconcile found done. */
export const doneBefore = "It had taken effect.";
