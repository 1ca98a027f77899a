import type { Conductor } from "./conductor.ts";
import { type Handler, reply } from "./http.ts";
import { delaysMs } from "./model-server.ts";
import type { Random } from "./random.ts";
import type { Runs } from "./runs.ts";
import type { Watch } from "./watch.ts";
import type { Word } from "./wire.ts";

/** Hears of every word between a team and its members, which is where the named moments of teams are. */
export function words({
  conductor,
  random,
  runs,
  watch,
}: {
  conductor: Conductor;
  random: Random;
  runs: Runs;
  watch: Watch;
}): Handler {
  return async ({ body, response }) => {
    const { isKnown, memberRunId, what, when } = body as Word;
    watch.heard(memberRunId);
    if (what === "start" && when === "after") runs.note(memberRunId, null);
    if (what === "start" && !isKnown && (when === "after" || random.chance(0.3)))
      await conductor.reach("member told to start, not answered");
    if (what === "end" && !isKnown && when === "after")
      await conductor.reach("team told, not answered");
    if (what === "end" && !isKnown && when === "before") {
      await conductor.reach("member ended, team not told");
      if (random.chance(0.5)) {
        // The other half: killed while the team is storing it.
        reply(response, {});
        const delayMs = random.pick(delaysMs);
        return conductor.reach("team told, not answered", { delayMs });
      }
    }
    reply(response, {});
  };
}
