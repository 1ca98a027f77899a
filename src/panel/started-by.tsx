import { visible } from "../approval/visible.ts";
import { words } from "./words.ts";

interface StartedByProps {
  /** The principal that asked for the run; null where it is not known. */
  requestedBy: string | null;
  scheduleId: string | null;
}

/** Who or what started a run; what did so by itself, with the way to it. */
export function StartedBy({ requestedBy, scheduleId }: StartedByProps) {
  // The principals of people hold a bar, and those of keys begin otherwise: none of them is of this form.
  const [, kind, id = ""] =
    /^(webhook|schedule):([a-z0-9][a-z0-9-]{0,62})$/.exec(requestedBy ?? "") ?? [];
  if (kind === "webhook")
    return <>{words.triggers.by.webhook(<a href={`/panel/events?webhook=${id}`}>{id}</a>)}</>;
  if (kind === "schedule") return <>{words.triggers.by.schedule(<ScheduleLink id={id} />)}</>;
  const who = visible(requestedBy ?? words.approval.unknown);
  if (scheduleId === null) return <>{who}</>;
  return <>{words.triggers.byHand(who, <ScheduleLink id={scheduleId} />)}</>;
}

function ScheduleLink({ id }: { id: string }) {
  return <a href={`/panel/schedules/${id}`}>{id}</a>;
}
