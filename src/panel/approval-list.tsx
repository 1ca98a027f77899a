import { type ApprovalRecord, type ApprovalStatus, approvalStatuses } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Held, type HeldProps } from "./held.tsx";
import { Page } from "./page.tsx";
import { Moment } from "./moment.tsx";
import { Tabs, titleOf } from "./tabs.tsx";
import { summaryOf, votesInWords } from "./summary.ts";
import { timeLeft } from "./time.ts";
import { whoAsks } from "./who-asks.ts";
import { words } from "./words.ts";

export interface ListProps {
  approvals: ApprovalRecord[];
  counts: Record<ApprovalStatus, { count: number; isExact: boolean }>;
  /** Which kill switches concern those that are shown. */
  held: HeldProps;
  /** What the list is narrowed by, as the address says it. */
  filter: Record<string, string>;
  /** Where the list begins; null where this is it. */
  first: string | null;
  /** Where it goes on; null at its end. */
  further: string | null;
  nowMs: number;
  /** True where the credential does not say who decides, so that the person is asked for a name. */
  askName: boolean;
  /** What is wrong with the address. */
  problem?: string | undefined;
}

/** The approvals: those that wait for someone first, and whatever else is asked for. */
export function ApprovalList({
  counts,
  filter,
  first,
  further,
  held,
  problem,
  ...list
}: ListProps) {
  const pending = inWords(counts.pending);
  const { approvals, askName, nowMs } = list;
  const isPending = filter["status"] === "pending";
  return (
    <Page section="approvals" title={words.approvals.waiting(pending)} refreshes={20}>
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      <Held {...held} />
      <div id="tabs" data-live="">
        <Tabs
          label={words.common.status}
          tabs={approvalStatuses.map((status) => ({
            title: titleOf(words.statuses[status]),
            href: `/panel?${new URLSearchParams({ ...filter, status }).toString()}`,
            isCurrent: filter["status"] === status,
            count: inWords(counts[status]),
          }))}
        />
      </div>
      <Filters filter={filter} />
      <div id="list" data-live="">
        {approvals.length === 0 && <Nothing filter={filter} />}
        {approvals.length > 0 && (
          <form method="post" action="/panel/batch">
            {isPending && (
              <label class="check" for="select-all" data-script hidden>
                <input type="checkbox" id="select-all" /> {words.approvals.all}
              </label>
            )}
            <ul class="list">
              {approvals.map((approval) => (
                <Row approval={approval} nowMs={nowMs} />
              ))}
            </ul>
            {isPending && <Batch askName={askName} />}
          </form>
        )}
        {(first !== null || further !== null) && (
          <nav class="actions" aria-label={words.common.pages}>
            {first !== null && (
              <a href={first}>{isPending ? words.approvals.soonest : words.common.newest}</a>
            )}
            {further !== null && (
              <a href={further}>{isPending ? words.approvals.later : words.common.older}</a>
            )}
          </nav>
        )}
      </div>
    </Page>
  );
}

function inWords({ count, isExact }: { count: number; isExact: boolean }): string {
  return isExact ? String(count) : words.common.orMore(count);
}

function Nothing({ filter }: { filter: Record<string, string> }) {
  const isNarrow = Object.keys(filter).length > 1;
  return (
    <p class="card">
      {isNarrow && (
        <>
          {words.approvals.noFit} <a href="/panel">{words.approvals.showWaiting}</a>
        </>
      )}
      {!isNarrow && filter["status"] === "pending" && (
        <>
          {words.approvals.none} <a href="/panel/try">{words.approvals.tryIt}</a>
        </>
      )}
      {!isNarrow && filter["status"] !== "pending" && words.approvals.noneSuch}
    </p>
  );
}

const fields = [
  ["q", words.common.text, words.approvals.textHint],
  ["agent_id", words.approvals.agentId, ""],
  ["tool_name", words.common.tool, ""],
  ["user_id", words.common.user, ""],
] as const;

function Filters({ filter }: { filter: Record<string, string> }) {
  const { status = "pending" } = filter;
  const isOpen = fields.some(([name]) => filter[name] !== undefined);
  return (
    <details class="more" open={isOpen}>
      <summary>{words.approvals.search}</summary>
      <form method="get" action="/panel">
        <input type="hidden" name="status" value={status} />
        {fields.map(([name, label, hint]) => (
          <label>
            {label} {hint !== "" && <span class="dim">{hint}</span>}
            <input name={name} value={filter[name] ?? ""} />
          </label>
        ))}
        <div class="actions">
          <button>{words.approvals.search}</button>
          {isOpen && (
            <a href={`/panel?status=${encodeURIComponent(status)}`}>{words.approvals.showAll}</a>
          )}
        </div>
      </form>
    </details>
  );
}

function Row({ approval, nowMs }: { approval: ApprovalRecord; nowMs: number }) {
  const { created_at, expires_at, id, policy, status, tool_name, user_id } = approval;
  const { isWhole, text } = summaryOf(approval);
  const votes = votesInWords(approval);
  return (
    <li class="card row" data-row>
      {status === "pending" && isWhole && (
        <input
          type="checkbox"
          name="id"
          value={id}
          aria-label={words.approvals.choose(visible(tool_name), id)}
        />
      )}
      <div>
        <a href={`/panel/approvals/${id}`}>
          <strong>{visible(tool_name)}</strong>
        </a>{" "}
        <span class="dim">{words.approvals.by(whoAsks(approval))}</span>
        {policy.risk !== null && (
          <span class={`risk ${policy.risk}`}>
            {words.approvals.risk(words.risks[policy.risk])}
          </span>
        )}
        <div>{text}</div>
        {!isWhole && <div class="dim">{words.approvals.isMore}</div>}
        <div class="dim">
          {user_id === null ? words.common.noUser : words.common.forUser(visible(user_id))} ·{" "}
          <Moment seconds={created_at} nowMs={nowMs} /> ·{" "}
          {status === "pending" ? timeLeft(expires_at, nowMs) : words.statuses[status]}
          {status === "pending" && votes !== null && ` · ${votes}`}
        </div>
      </div>
    </li>
  );
}

function Batch({ askName }: { askName: boolean }) {
  return (
    <fieldset class="card">
      <legend>{words.approvals.chosen}</legend>
      {askName && (
        <label>
          {words.common.yourName}
          <input name="resolved_by" maxlength={255} autocomplete="name" />
        </label>
      )}
      <label>
        {words.common.note} <span class="dim">{words.approvals.noteHint}</span>
        <input name="note" maxlength={4000} />
      </label>
      <div class="actions">
        <button class="yes" name="decision" value="approved">
          {words.approvals.approve}
        </button>
        <button class="no" name="decision" value="rejected">
          {words.approvals.reject}
        </button>
      </div>
    </fieldset>
  );
}

/** What came of one approval of several. */
export interface BatchItem {
  id: string;
  toolName: string | null;
  /** Why it was not decided so; null where it was. */
  problem: string | null;
  status: string;
}

export function BatchOutcome({ items, decision }: { items: BatchItem[]; decision: string }) {
  const done = items.filter(({ problem }) => problem === null).length;
  return (
    <Page section="approvals" title={words.approvals.outcome(done, items.length, decision)}>
      <ul class="list">
        {items.map(({ id, problem, status, toolName }) => (
          <li class="card">
            <a href={`/panel/approvals/${id}`}>
              <strong>{visible(toolName ?? id)}</strong>
            </a>
            {problem === null ? (
              <div class="dim">{status}</div>
            ) : (
              <div class="wrong">{visible(problem)}</div>
            )}
          </li>
        ))}
      </ul>
      <p>
        <a href="/panel">{words.approvals.back}</a>
      </p>
    </Page>
  );
}
