import { words } from "./words.ts";

interface ScheduleFormsProps {
  schedule: { id: string; is_enabled: boolean };
  /** What makes a press on the button one, however often it is sent. */
  attempt: string;
}

/** The forms that have a schedule run now, and pause or unpause it. */
export function ScheduleForms({ schedule: { id, is_enabled }, attempt }: ScheduleFormsProps) {
  const path = `/panel/schedules/${id}`;
  const say = words.schedules;
  return (
    <div class="actions">
      <form method="post" action={`${path}/run`}>
        <input type="hidden" name="attempt" value={attempt} />
        <button aria-label={say.runThis(id)}>{say.runNow}</button>
      </form>
      {is_enabled ? (
        <form method="post" action={`${path}/pause`}>
          <button class="no" aria-label={say.pauseThis(id)}>
            {say.pause}
          </button>
        </form>
      ) : (
        <form method="post" action={`${path}/unpause`}>
          <button class="yes" aria-label={say.unpauseThis(id)}>
            {say.unpause}
          </button>
        </form>
      )}
    </div>
  );
}

/** The form that takes a schedule away; it asks once more. */
export function RemoveSchedule({ id }: { id: string }) {
  return (
    <details>
      <summary>{words.schedule.remove(id)}</summary>
      <form method="post" action={`/panel/schedules/${id}/delete`}>
        <p>{words.schedule.removeHint}</p>
        <button class="no">{words.schedule.removeForGood(id)}</button>
      </form>
    </details>
  );
}
