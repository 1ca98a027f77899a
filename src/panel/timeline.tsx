import { noteOf } from "../approval/decision.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { textOf } from "./field.tsx";
import { Moment } from "./moment.tsx";

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
      <h2>So far</h2>
      <ol class="timeline">
        <li>
          Asked <Moment seconds={created_at} nowMs={nowMs} />
        </li>
        {happenedIn(approval).map(({ at, note, what }) => (
          <li>
            {visible(what)} <Moment seconds={at} nowMs={nowMs} />
            {note !== null && <p class="said">{visible(note)}</p>}
          </li>
        ))}
        {status !== "pending" && (
          <li>
            <span class="badge">{status}</span>
            {approval.resolved_by !== null && ` by ${visible(approval.resolved_by)}`}{" "}
            {resolved_at !== null && <Moment seconds={resolved_at} nowMs={nowMs} />}
            {typeof reason === "string" && <p class="said">{visible(reason)}</p>}
            {note !== null && <p class="said">{visible(note)}</p>}
            {resolution_data?.["result"] !== undefined && (
              <p class="said">{textOf(resolution_data["result"])}</p>
            )}
          </li>
        )}
        {status !== "pending" && <li>The call: {call_outcome ?? "has not ended yet"}</li>}
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
    ...votes.map(({ at, by, note, status }) => ({ at, what: `${by} voted: ${status}`, note })),
    ...reminded_at.map((at) => ({ at, what: "Its approvers were reminded", note: null })),
    ...escalated_at.map((at, n) => {
      const to = escalate[n]?.to.join(", ") ?? "others";
      return { at, what: `Escalated to ${to}`, note: null };
    }),
  ].toSorted((one, other) => one.at - other.at);
}
