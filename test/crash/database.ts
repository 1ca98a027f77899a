import type { Faults } from "./faults.ts";
import { type Handler, reply } from "./http.ts";
import type { Random } from "./random.ts";
import type { DatabaseFault } from "./wire.ts";

/** D1's own words: the first is of the moment and repeated, the others are not. */
const messages = [
  "Network connection lost.",
  "Network connection lost.",
  "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
  "D1_ERROR: Something went wrong.",
];

/** Says of each request to the database whether it fails; one failure makes the next one likelier. */
export function database({ faults, random }: { faults: Faults; random: Random }): Handler {
  let isIll = false;
  return async ({ response }) => {
    isIll = random.chance(isIll ? 0.35 : 0.015);
    if (!isIll) return reply(response, null);
    const fault: DatabaseFault = { message: random.pick(messages), commits: random.chance(0.5) };
    faults.note(`database failed ${fault.commits ? "after" : "before"} it did its work`);
    reply(response, fault);
  };
}
