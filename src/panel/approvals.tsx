import type { ApprovalRecord, JsonObject } from "../approval/record.ts";
import { noteOf } from "../approval/decision.ts";
import { visible } from "../approval/visible.ts";
import { AnswerForm } from "./answer-form.tsx";
import { fieldsOf, needsOf } from "./control.ts";
import { textOf } from "./field.tsx";
import { Page } from "./page.tsx";
import { PolicyFacts, Preview } from "./policy.tsx";
import { type Draft, emptyDraft } from "./read-answer.ts";

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
    <Page
      section="approvals"
      title={total === 1 ? "1 approval is waiting" : `${total} approvals are waiting`}
    >
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
  /** What was typed then, and what is wrong with it. */
  draft?: Draft | undefined;
}

/** One approval: everything that would be executed, and the two answers. */
export function ApprovalDetail({ approval, nowMs, askName, problem, draft }: DetailProps) {
  const isPending = approval.status === "pending";
  const why = isPending ? askedBecause[String(approval.context["reason"])] : undefined;
  return (
    <Page section="approvals" title={`${visible(approval.tool_name)}: ${approval.status}`}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      {why !== undefined && <p class="card notice">{why}</p>}
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
        <PolicyFacts approval={approval} />
        <dt>Run</dt>
        <dd>
          {approval.run_id} <span class="dim">({approval.run_status.toLowerCase()})</span>
        </dd>
      </dl>
      <Preview text={approval.preview} />
      <h2>Arguments</h2>
      <pre>{visible(JSON.stringify(settledArgs(approval), null, 2))}</pre>
      {isPending ? (
        <AnswerForm approval={approval} askName={askName} draft={draft ?? emptyDraft} />
      ) : (
        <Outcome approval={approval} />
      )}
    </Page>
  );
}

function Outcome({ approval }: { approval: ApprovalRecord }) {
  const note = noteOf(approval.resolution_data);
  return (
    <dl>
      <dt>Decision</dt>
      <dd>
        <span class="badge">{approval.status}</span>
        {approval.resolved_by !== null && ` by ${visible(approval.resolved_by)}`}
        {approval.resolved_at !== null && `, ${clock(approval.resolved_at)}`}
      </dd>
      {note !== null && (
        <>
          <dt>Note</dt>
          <dd>{visible(note)}</dd>
        </>
      )}
      {approval.resolution_data?.["result"] !== undefined && (
        <>
          <dt>Result</dt>
          <dd class="said">{textOf(approval.resolution_data["result"])}</dd>
        </>
      )}
      <dt>The call</dt>
      <dd>{approval.call_outcome ?? "has not ended yet"}</dd>
    </dl>
  );
}

/** Why a call is put to a person once more. */
const askedBecause: Record<string, string> = {
  unknown_outcome:
    "This call was started and then interrupted. Whether it took effect is not known: look before you decide.",
  tool_changed: "This was answered before. The tool has changed since, so it is asked again.",
  approval_stale: "This was approved before, and not executed in time, so it is asked again.",
  approval_required: "This was answered before. By now the tool needs an approval.",
};

/** The arguments that stay as they are: a suggestion for a field that is still to be filled in stands with the field. */
function settledArgs(approval: ApprovalRecord): JsonObject {
  const { status, tool_args } = approval;
  if (status !== "pending" || needsOf(approval) !== "values") return tool_args;
  const open = new Set(fieldsOf(approval).map(({ name }) => name));
  return Object.fromEntries(Object.entries(tool_args).filter(([name]) => !open.has(name)));
}

/** The arguments on one line, cut where the line ends; the whole of them stands on the approval's own page. */
function summary({ tool_args }: ApprovalRecord): string {
  const text = visible(JSON.stringify(tool_args));
  return text.length <= 160 ? text : `${text.slice(0, 160)}… (open to see all)`;
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
