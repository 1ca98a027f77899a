import { createHash } from "node:crypto";

/**
 * The id of the run of a schedule that is due at this time, in epoch milliseconds: the same, whoever finds it due; or of one
 * by hand, by who asked for it and how they named it.
 */
export function scheduleRunId(
  scheduleId: string,
  when: number | { by: string; name: string },
): string {
  const words =
    typeof when === "number" ? `${when}` : `by hand\n${JSON.stringify([when.by, when.name])}`;
  const hash = createHash("sha256").update(`kern.schedule-run.v1\n${scheduleId}\n${words}`);
  return `srn_${hash.digest("hex").slice(0, 32)}`;
}
