import type { Reconciliation } from "../../src/tools/tool.ts";
import type { Conductor } from "./conductor.ts";
import type { Deciders } from "./deciders.ts";
import type { Faults } from "./faults.ts";
import { type Handler, reply } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { delaysMs } from "./model-server.ts";
import { toolKinds } from "./plans.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";
import type { Watch } from "./watch.ts";
import type { Effected } from "./wire.ts";

const toolFaults = ["answered 500", "reset", "hung, then reset", "answered too late"] as const;
type ToolFault = (typeof toolFaults)[number];

/** One call that reached the tool server. */
export interface Called extends Effected {
  atMs: number;
  /** The same moment by the clock that the runtime shares. */
  wallMs: number;
  /** Whether it took effect; a server may go away before that. */
  took: boolean;
  /** What the server did instead of answering it well. */
  fault: ToolFault | null;
}

/** One question what became of a call, with the answer that was on its way when the line broke. */
export interface Questioned {
  key: string;
  atMs: number;
  answer: Reconciliation["status"] | null;
}

/** The world that tools act upon, with a memory of all that reached it. */
export function toolServer({
  conductor,
  deciders,
  faults,
  ledger,
  random,
  watch,
}: {
  conductor: Conductor;
  deciders: Deciders;
  faults: Faults;
  ledger: Ledger;
  random: Random;
  watch: Watch;
}): { call: Handler; reconcile: Handler; called: Called[]; questioned: Questioned[] } {
  const called: Called[] = [];
  const questioned: Questioned[] = [];
  const call: Handler = async ({ body, isDead, response }) => {
    const nowMs = { atMs: performance.now(), wallMs: Date.now() };
    const entry: Called = { ...(body as Effected), ...nowMs, took: false, fault: null };
    const { approval, args, key, runId, tool } = entry;
    const isVerifiable = toolKinds[tool]?.kind === "verifiable";
    const before = called.some((one) => one.key === key && one.took);
    ledger.check(
      "D1 a verifiable call that took effect is not executed again",
      !isVerifiable || !before,
      () => `${tool} ${key}`,
    );
    called.push(entry);
    watch.heard(runId);
    const mark = `call ${key}`;
    conductor.confirm(mark);
    if (random.chance(0.5)) entry.took = true;
    if (approval && deciders.isUnanswered({ id: approval.id, resolved_by: approval.resolvedBy }))
      await conductor.reach("decided, decider not told");
    const leadsTo = isVerifiable ? "reconcile asked, no answer" : undefined;
    await conductor.reach("tool called, no answer", { leadsTo });
    if (random.chance(0.06)) {
      const fault = random.pick(toolFaults);
      entry.fault = fault;
      if (fault === "answered too late" || fault === "hung, then reset")
        await sleep(random.int(800, 1_500));
      else await sleep(random.int(0, 15));
      if (isDead()) return;
      faults.note(`tool ${fault}, ${entry.took ? "with" : "without"} an effect before`);
      if (fault === "answered 500") return void response.writeHead(500).end();
      if (fault !== "answered too late") return void response.destroy();
      entry.took = true;
      return reply(response, `${tool} ${String(args["ref"])} took effect`);
    }
    await sleep(random.chance(0.1) ? random.int(50, 300) : random.int(0, 15));
    if (isDead()) return;
    entry.took = true;
    reply(response, `${tool} ${String(args["ref"])} took effect`);
    // Nobody would tell us that the outcome of such a call was lost: it is only told to the model.
    if (toolKinds[tool]?.kind === "once" && approval === null) return;
    await conductor.reach("tool answered, result not stored", {
      mark,
      delayMs: random.pick(delaysMs),
    });
  };
  const reconcile: Handler = async ({ body, isDead, response }) => {
    const { key, runId } = body as { key: string; runId: string };
    watch.heard(runId);
    conductor.confirm(`call ${key}`);
    const took = called.some((entry) => entry.key === key && entry.took);
    const answer = random.chance(0.1) ? "unknown" : took ? "done" : "not_done";
    const question: Questioned = { key, atMs: performance.now(), answer };
    questioned.push(question);
    await conductor.reach("reconcile asked, no answer");
    const fault = random.chance(0.05) ? random.pick(toolFaults) : null;
    if (fault === "answered too late" || fault === "hung, then reset")
      await sleep(random.int(800, 1_500));
    else await sleep(random.int(0, 15));
    if (isDead()) return;
    if (fault !== null) faults.note(`reconcile ${fault}`);
    if (fault !== null && fault !== "answered too late") question.answer = null;
    if (fault === "answered 500") return void response.writeHead(500).end();
    if (fault === "reset" || fault === "hung, then reset") return void response.destroy();
    reply(
      response,
      answer === "done" ? { status: "done", result: doneBefore } : { status: answer },
    );
  };
  return { call, called, questioned, reconcile };
}

/** What the model is told of a call that reconcile found done. */
export const doneBefore = "It had taken effect.";
