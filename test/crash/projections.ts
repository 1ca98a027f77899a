import type { Conductor } from "./conductor.ts";
import type { Deciders } from "./deciders.ts";
import type { History } from "./history.ts";
import { type Handler, reply } from "./http.ts";
import type { StateName } from "./moments.ts";
import type { Random } from "./random.ts";
import type { Runs } from "./runs.ts";
import type { Watch } from "./watch.ts";
import type { Told } from "./wire.ts";

/** Hears of every projection before it happens and after, which is where many of the named moments are. */
export function projections({
  conductor,
  deciders,
  history,
  random,
  runs,
  watch,
}: {
  conductor: Conductor;
  deciders: Deciders;
  history: History;
  random: Random;
  runs: Runs;
  watch: Watch;
}): Handler {
  return async ({ body, response }) => {
    const told = body as Told;
    const nowMs = performance.now();
    watch.heard(told.runId);
    // What leaves the object has been stored before: from here on it may never be otherwise.
    runs.note(told.runId, told.status);
    for (const record of told.approvals) {
      if (record.status === "pending") continue;
      history.approval("object", record, { sentMs: nowMs, gotMs: nowMs });
      history.ended(record, told.sentMs);
    }
    const state = stateOf(told, deciders);
    if (state === "telling of a pause" && random.chance(0.5)) {
      // The other half: killed while the database is at it.
      reply(response, {});
      return conductor.reach(state, { delayMs: random.int(0, 4) });
    }
    if (state !== null) await conductor.reach(state);
    reply(response, {});
  };
}

function stateOf({ approvals, status, when }: Told, deciders: Deciders): StateName | null {
  if (when === "after") return "told, not noted";
  if (approvals.some((record) => deciders.isUnanswered(record))) return "decided, decider not told";
  const waits = approvals.some((record) => record.status === "pending");
  return status === "PAUSED" && waits ? "telling of a pause" : null;
}
