import { noteOf } from "../approval/decision.ts";
import { type ApprovalRecord, endStatuses } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Labelled } from "./field.tsx";
import { Moment } from "./moment.tsx";
import { Page } from "./page.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { Tabs, titleOf } from "./tabs.tsx";
import { whoAsks } from "./who-asks.ts";
import { outcomeInWords } from "./outcome.ts";
import { words } from "./words.ts";

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
    <Page section="history" title={words.history.title}>
      <Tabs
        label={words.history.decisions}
        tabs={historyTabs.map((one) => ({
          title: titleOf(one === "all" ? words.history.all : words.statuses[one]),
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
          <nav class="actions" aria-label={words.common.pages}>
            {draft.typed.has("cursor") && (
              <a href={hrefOf(asked, { status: tab })}>{words.common.newest}</a>
            )}
            {found.next !== null && (
              <a href={hrefOf(asked, { status: tab, cursor: found.next })}>{words.common.older}</a>
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
        {words.history.by(whoAsks(approval))}
        {user_id !== null && words.history.forUser(visible(user_id))}
        {approval.approval_type === "audit" && words.history.recorded}
      </span>
      <div>
        {resolved_by === null
          ? words.history.ends[approval.status]
          : words.history.endedBy(
              words.history.ends[approval.status],
              <strong>{visible(resolved_by)}</strong>,
            )}
        {", "}
        <Moment seconds={approval.resolved_at ?? approval.updated_at} nowMs={nowMs} />
      </div>
      <div>{outcomeInWords(call_outcome)}</div>
      {note !== null && <div class="said">{words.history.note(visible(note))}</div>}
    </li>
  );
}

const fields = [
  ["q", words.common.text],
  ["tool_name", words.common.tool],
  ["agent_id", words.common.agent],
  ["resolved_by", words.history.decidedBy],
  ["user_id", words.history.requestedFor],
  ["created_after", words.history.from],
  ["created_before", words.history.before],
] as const;
export const filterNames = fields.map(([name]) => name);

function Filters({ tab, draft, seesAll }: Pick<HistoryProps, "tab" | "draft" | "seesAll">) {
  const isFiltered = filterNames.some((name) => (draft.typed.get(name) ?? "") !== "");
  return (
    <details open={isFiltered}>
      <summary>{words.history.filters}</summary>
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
          <button>{words.history.show}</button>
          {isFiltered && <a href={hrefOf(new Map(), { status: tab })}>{words.history.clear}</a>}
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
  return words.history.total(isExact ? String(count) : words.common.orMore(count), wordOf(tab));
}

function wordOf(tab: HistoryTab): string {
  return tab === "all" ? words.history.ended : words.statuses[tab];
}

function nothing({ next }: Found, tab: HistoryTab): string {
  if (next !== null) return words.history.noneYet;
  return tab === "all" ? words.history.noneEnded : words.history.none(words.statuses[tab]);
}
