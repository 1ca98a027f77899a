import type { Conductor, StateName } from "./conductor.ts";
import type { Deciders } from "./deciders.ts";
import type { History } from "./history.ts";
import { type Handler, reply } from "./http.ts";
import type { Random } from "./random.ts";
import type { Runs } from "./runs.ts";
import type { Told } from "./wire.ts";

/** Hears of every projection before it happens and after, which is where many of the named moments are. */
export function projections({
  conductor,
  deciders,
  history,
  random,
  runs,
}: {
  conductor: Conductor;
  deciders: Deciders;
  history: History;
  random: Random;
  runs: Runs;
}): { handler: Handler; readonly projections: number } {
  let count = 0;
  const handler: Handler = async ({ body, response }) => {
    count += 1;
    const told = body as Told;
    const nowMs = performance.now();
    // What leaves the object has been stored before: from here on it may never be otherwise.
    runs.note(told.runId, told.status);
    for (const record of told.approvals) {
      if (record.status === "pending") history.asked(record);
      else history.approval("object", record, { sentMs: nowMs, gotMs: nowMs });
    }
    const state = stateOf(told, deciders);
    if (state?.startsWith("telling") === true && random.chance(0.5)) {
      // The other half: killed while the database is at it.
      reply(response, {});
      return conductor.reach(state, { delayMs: random.int(0, 4) });
    }
    if (state !== null) await conductor.reach(state);
    // Before: the database cannot be reached. After: it was, but nobody can know.
    if (random.chance(0.015)) response.writeHead(503).end();
    else reply(response, {});
  };
  return {
    handler,
    get projections() {
      return count;
    },
  };
}

function stateOf({ approvals, seq, status, when }: Told, deciders: Deciders): StateName | null {
  if (when === "after") return "told, not noted";
  if (seq === 1) return "telling of a start";
  if (approvals.some((record) => deciders.isUnanswered(record))) return "decided, decider not told";
  const waits = approvals.some((record) => record.status === "pending");
  return status === "PAUSED" && waits ? "telling of a pause" : null;
}
