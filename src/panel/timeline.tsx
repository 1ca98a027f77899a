import { noteOf } from "../approval/decision.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { textOf } from "./field.tsx";
import { Moment } from "./moment.tsx";
import { outcomeInWords } from "./outcome.ts";
import { words } from "./words.ts";

interface TimelineProps {
  approval: ApprovalRecord;
  nowMs: number;
}

/** What has happened to an approval so far: asked, voted on, decided, and what came of the call. */
export function Timeline({ approval, nowMs }: TimelineProps) {
  const { call_outcome, created_at, resolution_data, resolved_at, status } = approval;
  const note = noteOf(resolution_data);
  const reason: unknown = resolution_data?.["reason"];
  return (
    <section id="timeline" data-live="">
      <h2>{words.timeline.title}</h2>
      <ol class="timeline">
        <li>{words.timeline.asked(<Moment seconds={created_at} nowMs={nowMs} />)}</li>
        {happenedIn(approval).map(({ at, note, what }) => (
          <li>
            {visible(what)} <Moment seconds={at} nowMs={nowMs} />
            {note !== null && <p class="said">{visible(note)}</p>}
          </li>
        ))}
        {status !== "pending" && (
          <li>
            <span class="badge">{words.statuses[status]}</span>
            {approval.resolved_by !== null && words.timeline.by(visible(approval.resolved_by))}{" "}
            {resolved_at !== null && <Moment seconds={resolved_at} nowMs={nowMs} />}
            {typeof reason === "string" && <p class="said">{visible(reason)}</p>}
            {note !== null && <p class="said">{visible(note)}</p>}
            {resolution_data?.["result"] !== undefined && (
              <p class="said">{textOf(resolution_data["result"])}</p>
            )}
          </li>
        )}
        {status !== "pending" && <li>{outcomeInWords(call_outcome)}</li>}
      </ol>
    </section>
  );
}

interface Happened {
  at: number;
  what: string;
  note: string | null;
}

/** What came while it was waiting, in its order: votes, reminders, and others who may decide as well. */
function happenedIn({ policy, votes }: ApprovalRecord): Happened[] {
  const { escalate, escalated_at, reminded_at } = policy;
  return [
    ...votes.map(({ at, by, note, status }) => ({
      at,
      what: words.timeline.voted(by, words.statuses[status]),
      note,
    })),
    ...reminded_at.map((at) => ({ at, what: words.timeline.reminded, note: null })),
    ...escalated_at.map((at, n) => {
      const to = escalate[n]?.to.join(", ") ?? words.timeline.others;
      return { at, what: words.timeline.escalated(to), note: null };
    }),
  ].toSorted((one, other) => one.at - other.at);
}
