import { messageOf } from "../errors.ts";
import { checkCron } from "./cron.ts";

const overlapRules = ["queue", "skip", "allow"] as const;
const missedRules = ["run_once", "skip"] as const;
/** All schedules are read at once: a thousand of these fit into an instance. */
export const maxMessageBytes = 16 * 1024;
const maxIdLength = 255;

export interface ScheduleOptions {
  /** Names it in URLs and in the panel: 1 to 63 lower-case letters, digits and hyphens. */
  id: string;
  /** The id of the agent or team that it starts. */
  agent: string;
  /**
   * Minute, hour, day of the month, month and weekday, such as `0 9 * * MON-FRI`. What has a fixed time of day is due once a day
   * where clocks change too; what has none, such as every quarter of an hour, goes on through the change.
   */
  cron: string;
  /** The IANA time zone that it is read in, such as "Europe/Berlin"; default "UTC". */
  timezone?: string;
  /** What the agent is told each time; 16 KiB at most. */
  message: string;
  /** The user whom its runs are for; default: nobody in particular. */
  userId?: string;
  /** The session that all its runs go on with; default: a new one for each. */
  sessionId?: string;
  /**
   * What to do where the run before has not ended: `skip` passes this one over, `queue` starts it once the one before has ended
   * (one waits at most), `allow` starts it beside. Default "skip": a run that waits for people may wait for days, and who comes
   * back to it is to find one question, not one for each time that it was due.
   */
  overlap?: (typeof overlapRules)[number];
  /**
   * What to do with times that went by while nothing could be started: `run_once` makes up for them with one run, `skip` passes
   * them over. What is no more than ten minutes late is not missed. Default "run_once": a report that comes late is worth
   * more than none, and one is enough.
   */
  missed?: (typeof missedRules)[number];
}

/** An agent or team that starts by the clock. */
export interface ScheduleTrigger {
  readonly kind: "schedule";
  readonly id: string;
  readonly agent: string;
  readonly cron: string;
  readonly timezone: string;
  readonly message: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly overlap: (typeof overlapRules)[number];
  readonly missed: (typeof missedRules)[number];
}

/** Starts an agent or a team by the clock. Throws a TypeError that names what does not fit. */
export function schedule(options: ScheduleOptions): ScheduleTrigger {
  const { agent, cron, id, message, sessionId = null, timezone = "UTC", userId = null } = options;
  const { missed = "run_once", overlap = "skip" } = options;
  if (typeof id !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(id))
    throw new TypeError(
      `'${id}' cannot be a schedule's id: give 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit.`,
    );
  const refuse = (what: string): never => {
    throw new TypeError(`Schedule '${id}': ${what}`);
  };
  if (typeof agent !== "string" || agent === "")
    refuse("'agent' must be the id of the agent or team that it starts.");
  if (typeof message !== "string" || message.trim() === "") refuse("'message' must not be empty.");
  if (!message.isWellFormed())
    refuse("'message' holds half of a surrogate pair, which is no character.");
  if (new TextEncoder().encode(message).length > maxMessageBytes)
    refuse(`'message' is larger than ${maxMessageBytes / 1024} KiB.`);
  for (const [name, value] of Object.entries({ userId, sessionId }))
    if (value !== null && !isClientId(value))
      refuse(`'${name}' must be text of 1 to ${maxIdLength} characters.`);
  if (!overlapRules.includes(overlap))
    refuse(`'overlap' is one of ${overlapRules.join(", ")}, not '${overlap}'.`);
  if (!missedRules.includes(missed))
    refuse(`'missed' is one of ${missedRules.join(", ")}, not '${missed}'.`);
  try {
    checkCron(cron, timezone);
  } catch (error) {
    refuse(messageOf(error));
  }
  return {
    kind: "schedule",
    id,
    agent,
    cron,
    timezone,
    message,
    userId,
    sessionId,
    overlap,
    missed,
  };
}

function isClientId(value: unknown): boolean {
  return (
    typeof value === "string" && value !== "" && value.length <= maxIdLength && value.isWellFormed()
  );
}
