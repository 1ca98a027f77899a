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
  const { call_outcome, created_at, resolution_data, resolved_at, status, votes } = approval;
  const note = noteOf(resolution_data);
  const reason: unknown = resolution_data?.["reason"];
  return (
    <section id="timeline" data-live="">
      <h2>So far</h2>
      <ol class="timeline">
        <li>
          Asked <Moment seconds={created_at} nowMs={nowMs} />
        </li>
        {votes.map(({ at, by, note, status }) => (
          <li>
            {visible(by)} voted: {status} <Moment seconds={at} nowMs={nowMs} />
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
