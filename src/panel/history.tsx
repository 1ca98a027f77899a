import { noteOf } from "../approval/decision.ts";
import { type ApprovalRecord, type ApprovalStatus, endStatuses } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Labelled } from "./field.tsx";
import { Moment } from "./moment.tsx";
import { Page } from "./page.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { Tabs, titleOf } from "./tabs.tsx";
import { whoAsks } from "./who-asks.ts";

/** What is said of an approval by where it stands. */
const ends = {
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired: nobody decided in time",
  cancelled: "Cancelled: the run ended before anybody decided",
  pending: "Not decided yet",
} as const satisfies Record<ApprovalStatus, string>;

/** The tabs: whatever has ended, and each way to end apart. */
export const historyTabs = ["all", ...endStatuses] as const;
export type HistoryTab = (typeof historyTabs)[number];

export interface HistoryProps {
  tab: HistoryTab;
  /** The filters as they were asked for, and what is wrong with them. */
  draft: Draft;
  /** Whether there are other people's approvals to choose from. */
  seesAll: boolean;
  /** Null where the filters could not be read. */
  found: Found | null;
  nowMs: number;
  problem?: string | undefined;
}

export interface Found {
  approvals: ApprovalRecord[];
  total: { count: number; isExact: boolean };
  /** Where the older ones begin; null at the end. */
  next: string | null;
}

/** What was decided, by whom, when, and what came of it. */
export function History({ tab, draft, seesAll, found, nowMs, problem }: HistoryProps) {
  const asked = new Map([...draft.typed].filter(([name]) => name !== "cursor"));
  return (
    <Page section="history" title="History">
      <Tabs
        label="Decisions"
        tabs={historyTabs.map((one) => ({
          title: titleOf(one),
          href: hrefOf(asked, { status: one }),
          isCurrent: one === tab,
        }))}
      />
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      <Filters tab={tab} draft={draft} seesAll={seesAll} />
      {found !== null && (
        <>
          <p class="dim">{totalInWords(found.total, tab)}</p>
          {found.approvals.length === 0 && <p class="card">{nothing(found, tab)}</p>}
          <ul class="list">
            {found.approvals.map((approval) => (
              <Entry approval={approval} nowMs={nowMs} />
            ))}
          </ul>
          <nav class="actions" aria-label="Pages">
            {draft.typed.has("cursor") && <a href={hrefOf(asked, { status: tab })}>Newest</a>}
            {found.next !== null && (
              <a href={hrefOf(asked, { status: tab, cursor: found.next })}>Older</a>
            )}
          </nav>
        </>
      )}
    </Page>
  );
}

interface EntryProps {
  approval: ApprovalRecord;
  nowMs: number;
}

function Entry({ approval, nowMs }: EntryProps) {
  const { call_outcome, resolved_by, user_id } = approval;
  const note = noteOf(approval.resolution_data);
  return (
    <li class="card">
      <a href={`/panel/approvals/${approval.id}`}>
        <strong>{visible(approval.tool_name)}</strong>
      </a>{" "}
      <span class="dim">
        by {whoAsks(approval)}
        {user_id !== null && `, for ${visible(user_id)}`}
        {approval.approval_type === "audit" && ", recorded only"}
      </span>
      <div>
        {ends[approval.status]}
        {resolved_by !== null && (
          <>
            {" by "}
            <strong>{visible(resolved_by)}</strong>
          </>
        )}
        {", "}
        <Moment seconds={approval.resolved_at ?? approval.updated_at} nowMs={nowMs} />
      </div>
      <div>The call: {call_outcome ?? "has not ended yet"}</div>
      {note !== null && <div class="said">Note: {visible(note)}</div>}
    </li>
  );
}

const fields = [
  ["q", "Text"],
  ["tool_name", "Tool"],
  ["agent_id", "Agent"],
  ["resolved_by", "Decided by"],
  ["user_id", "Requested for"],
  ["created_after", "Asked from (day, UTC)"],
  ["created_before", "Asked before (day, UTC)"],
] as const;
export const filterNames = fields.map(([name]) => name);

function Filters({ tab, draft, seesAll }: Pick<HistoryProps, "tab" | "draft" | "seesAll">) {
  const isFiltered = filterNames.some((name) => (draft.typed.get(name) ?? "") !== "");
  return (
    <details open={isFiltered}>
      <summary>Filters</summary>
      <form method="get" action="/panel/history" class="filters">
        <input type="hidden" name="status" value={tab} />
        {fields
          .filter(([name]) => seesAll || name !== "user_id")
          .map(([name, label]) => (
            <Labelled id={`filter-${name}`} name={name} label={label} draft={draft}>
              {(tied) => {
                const typed = draft.typed.get(name) ?? "";
                return <input {...tied} type={typeOf(name, typed)} value={typed} />;
              }}
            </Labelled>
          ))}
        <div class="actions">
          <button>Show</button>
          {isFiltered && <a href={hrefOf(new Map(), { status: tab })}>Clear</a>}
        </div>
      </form>
    </details>
  );
}

/** A browser drops what is no day from an input of that type: then it would not be seen again. */
function typeOf(name: (typeof filterNames)[number], typed: string): string {
  const isDay = name.startsWith("created") && /^(\d{4}-\d{2}-\d{2})?$/.test(typed);
  return isDay ? "date" : "text";
}

function hrefOf(asked: ReadonlyMap<string, string>, more: Record<string, string>): string {
  const given = [...asked].filter(([name, text]) => name !== "status" && text !== "");
  const query = new URLSearchParams({ ...Object.fromEntries(given), ...more });
  return `/panel/history?${query.toString()}`;
}

function totalInWords({ count, isExact }: Found["total"], tab: HistoryTab): string {
  return `${count}${isExact ? "" : " or more"} ${wordOf(tab)}, the newest first.`;
}

function wordOf(tab: HistoryTab): string {
  return tab === "all" ? "ended" : tab;
}

function nothing({ next }: Found, tab: HistoryTab): string {
  return next === null
    ? `Nothing here ${tab === "all" ? "has ended" : `was ${tab}`}. Every approval shows up on this page once it is decided, and stays.`
    : "None of those that were looked at fit. Go on to the older ones to look further.";
}
