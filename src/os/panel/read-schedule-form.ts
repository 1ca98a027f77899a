import type { z } from "zod";
import type { Draft } from "../../approval/read-answer.ts";
import { messageOf } from "../../errors.ts";
import { checkCron } from "../../triggers/cron.ts";
import { ScheduleRequest } from "../schedule-schemas.ts";

type Reading =
  | { ok: true; request: z.output<typeof ScheduleRequest> }
  | { ok: false; reasons: Draft["reasons"] };

/** Due in every time zone, so that what is wrong beside it is wrong with the zone. */
const everyMinute = "* * * * *";

/** The schedule that a form asks for; or why it asks for none, input by input. */
export function readScheduleForm(typed: Draft["typed"]): Reading {
  const text = (name: string) => (typed.get(name) ?? "").trim();
  const [cron, timezone] = [text("cron"), text("timezone")];
  const request = ScheduleRequest.safeParse({
    ...(text("id") !== "" && { id: text("id") }),
    agent_id: text("agent_id"),
    message: typed.get("message") ?? "",
    cron,
    timezone,
    overlap: text("overlap"),
    missed: text("missed"),
  });
  const issues = request.error?.issues ?? [];
  const reasons = new Map(
    // Of several things that are wrong with an input the first is said.
    issues.map(({ message, path: [name] }) => [String(name), message] as const).reverse(),
  );
  const zone = problemOf(everyMinute, timezone);
  if (zone !== null) reasons.set("timezone", zone);
  // The times are judged whatever the zone is, so that all that is wrong is said at once.
  const times = problemOf(cron, zone === null ? timezone : "UTC");
  if (times !== null) reasons.set("cron", times);
  if (!request.success || reasons.size > 0) return { ok: false, reasons };
  return { ok: true, request: request.data };
}

function problemOf(cron: string, timezone: string): string | null {
  try {
    checkCron(cron, timezone);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
