import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Page } from "./page.tsx";

export interface ListProps {
  approvals: ApprovalRecord[];
  total: number;
  page: number;
  pages: number;
  nowMs: number;
}

/** The approvals that wait for someone. */
export function ApprovalList({ approvals, total, page, pages, nowMs }: ListProps) {
  return (
    <Page title={total === 1 ? "1 approval is waiting" : `${total} approvals are waiting`}>
      {approvals.length === 0 && (
        <p class="card">
          Nothing is waiting for you. Gated calls show up here as soon as an agent asks for one.
        </p>
      )}
      <ul class="list">
        {approvals.map((approval) => (
          <li class="card">
            <a href={`/panel/approvals/${approval.id}`}>
              <strong>{visible(approval.tool_name)}</strong>
            </a>{" "}
            <span class="dim">by {visible(approval.source_name ?? approval.agent_id ?? "")}</span>
            <div>{summary(approval)}</div>
            <div class="dim">
              {approval.user_id === null
                ? "No user named"
                : `For ${visible(approval.user_id)}`} ·{" "}
              {timeLeft(approval, nowMs)}
            </div>
          </li>
        ))}
      </ul>
      <nav class="actions" aria-label="Pages">
        {page > 1 && <a href={`/panel?page=${page - 1}`}>Newer</a>}
        {page < pages && <a href={`/panel?page=${page + 1}`}>Older</a>}
      </nav>
    </Page>
  );
}

export interface DetailProps {
  approval: ApprovalRecord;
  nowMs: number;
  /** True where the credential does not say who decides, so that the person is asked for a name. */
  askName: boolean;
  /** What the last attempt came to, where it did not go through. */
  problem?: string | undefined;
}

/** One approval: everything that would be executed, and the two answers. */
export function ApprovalDetail({ approval, nowMs, askName, problem }: DetailProps) {
  const unknown = approval.context["reason"] === "unknown_outcome";
  return (
    <Page title={`${visible(approval.tool_name)}: ${approval.status}`}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      {unknown && (
        <p class="card notice">
          This call was started and then interrupted. Whether it took effect is not known: look
          before you decide.
        </p>
      )}
      <dl>
        <dt>Agent</dt>
        <dd>{visible(approval.source_name ?? approval.agent_id ?? "")}</dd>
        <dt>Tool</dt>
        <dd>{visible(approval.tool_name)}</dd>
        <dt>Requested for</dt>
        <dd>{approval.user_id === null ? "No user named" : visible(approval.user_id)}</dd>
        <dt>Started by</dt>
        <dd>{visible(approval.requested_by ?? "unknown")}</dd>
        <dt>Asked</dt>
        <dd>{clock(approval.created_at)}</dd>
        <dt>Time left</dt>
        <dd>{timeLeft(approval, nowMs)}</dd>
        <dt>Run</dt>
        <dd>
          {approval.run_id} <span class="dim">({approval.run_status.toLowerCase()})</span>
        </dd>
      </dl>
      <h2>Arguments</h2>
      <pre>{visible(JSON.stringify(approval.tool_args, null, 2))}</pre>
      {approval.status === "pending" ? (
        <Answer approval={approval} askName={askName} unknown={unknown} />
      ) : (
        <Outcome approval={approval} />
      )}
    </Page>
  );
}

function Answer({
  approval,
  askName,
  unknown,
}: {
  approval: ApprovalRecord;
  askName: boolean;
  unknown: boolean;
}) {
  if (!unknown && approval.pause_type !== "confirmation") {
    return (
      <form method="post" action={`/panel/approvals/${approval.id}`}>
        <p class="card notice">
          Approving this call needs values: {needs(approval)} over the API. Here it can be rejected.
        </p>
        <Note />
        <div class="actions">
          <button class="no" name="decision" value="rejected">
            Reject
          </button>
        </div>
      </form>
    );
  }
  return (
    <form method="post" action={`/panel/approvals/${approval.id}`}>
      {askName && (
        <label>
          Your name
          <input name="resolved_by" maxlength={255} autocomplete="name" />
        </label>
      )}
      <Note />
      <div class="actions">
        {unknown ? (
          <>
            <button class="yes" name="decision" value="retry">
              Run it again
            </button>
            <button name="decision" value="done">
              It took effect
            </button>
            <button class="no" name="decision" value="rejected">
              Leave it
            </button>
          </>
        ) : (
          <>
            <button class="yes" name="decision" value="approved">
              Approve
            </button>
            <button class="no" name="decision" value="rejected">
              Reject
            </button>
          </>
        )}
      </div>
    </form>
  );
}

function Note() {
  return (
    <label>
      Note <span class="dim">(the agent is told, where you reject)</span>
      <textarea name="note" rows={2} maxlength={4000} />
    </label>
  );
}

function Outcome({ approval }: { approval: ApprovalRecord }) {
  return (
    <dl>
      <dt>Decision</dt>
      <dd>
        <span class="badge">{approval.status}</span>
        {approval.resolved_by !== null && ` by ${visible(approval.resolved_by)}`}
        {approval.resolved_at !== null && `, ${clock(approval.resolved_at)}`}
      </dd>
      {typeof approval.resolution_data?.["note"] === "string" && (
        <>
          <dt>Note</dt>
          <dd>{visible(approval.resolution_data["note"])}</dd>
        </>
      )}
      <dt>The call</dt>
      <dd>{approval.call_outcome ?? "has not ended yet"}</dd>
    </dl>
  );
}

/** The arguments on one line, cut where the line ends; the whole of them stands on the approval's own page. */
function summary({ tool_args }: ApprovalRecord): string {
  const text = visible(JSON.stringify(tool_args));
  return text.length <= 160 ? text : `${text.slice(0, 160)}… (open to see all)`;
}

function needs({ pause_type }: ApprovalRecord): string {
  return pause_type === "user_input" ? "resolution_data.values" : "resolution_data.result";
}

function timeLeft({ expires_at, status }: ApprovalRecord, nowMs: number): string {
  if (status !== "pending") return "decided";
  if (expires_at === null) return "no limit";
  const minutes = Math.floor((expires_at * 1000 - nowMs) / 60_000);
  if (minutes < 0) return "expired";
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min left` : `${Math.floor(hours / 24)} days left`;
}

function clock(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}
