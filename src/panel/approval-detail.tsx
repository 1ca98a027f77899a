import type { ApprovalRecord, JsonObject } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { whyAskedAnew } from "../approval/words.ts";
import { AnswerForm } from "./answer-form.tsx";
import { Claim } from "./claim.tsx";
import { fieldsOf, needsOf } from "../approval/control.ts";
import { Held, type HeldProps } from "./held.tsx";
import { Page } from "./page.tsx";
import { PolicyFacts, Preview } from "./policy.tsx";
import { type Draft, emptyDraft } from "../approval/read-answer.ts";
import { clock, Moment } from "./moment.tsx";
import { StartedBy } from "./started-by.tsx";
import { Timeline } from "./timeline.tsx";
import { words } from "./words.ts";

export interface DetailProps {
  approval: ApprovalRecord;
  /** The last call of this tool that was approved; null where there is none. */
  before: ApprovalRecord | null;
  /** What the agent said when it asked for the call. */
  said: string;
  /** Which kill switches concern it, where its call is still to come. */
  held: HeldProps | undefined;
  nowMs: number;
  /** True where the credential does not say who decides, so that the person is asked for a name. */
  askName: boolean;
  /** What the last attempt came to, where it did not go through. */
  problem?: string | undefined;
  /** What was typed then, and what is wrong with it. */
  draft?: Draft | undefined;
}

/** One approval: everything that would be executed, who may decide, and the answers. */
export function ApprovalDetail(props: DetailProps) {
  const { approval, askName, before, draft, held, nowMs, problem, said } = props;
  const { status, tool_name } = approval;
  const isPending = status === "pending";
  const why = isPending ? whyAskedAnew(approval) : undefined;
  return (
    <Page
      section="approvals"
      title={words.approval.title(visible(tool_name), words.statuses[status])}
      refreshes={isPending ? undefined : 20}
    >
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {problem}
        </p>
      )}
      <Held {...held} />
      {why !== undefined && <p class="card notice">{why}</p>}
      <Facts approval={approval} nowMs={nowMs} />
      <Preview text={approval.preview} />
      <section id="arguments" data-live="">
        <h2>{words.approval.arguments}</h2>
        <pre tabindex={0} aria-label={words.approval.arguments}>
          {visible(JSON.stringify(settledArgs(approval), null, 2))}
        </pre>
        {isPending && before !== null && <FromLast approval={approval} before={before} />}
        {!isPending && <FromAsked approval={approval} />}
      </section>
      <Claim approval={approval} said={said} />
      <section
        id="answer"
        data-live={status}
        data-said={words.approval.settled(words.statuses[status])}
      >
        {isPending && (
          <>
            <AnswerForm approval={approval} askName={askName} draft={draft ?? emptyDraft} />
            <Extend id={approval.id} />
          </>
        )}
      </section>
      <Timeline approval={approval} nowMs={nowMs} />
    </Page>
  );
}

function Facts({ approval, nowMs }: { approval: ApprovalRecord; nowMs: number }) {
  const { created_at, run_id, run_status, user_id } = approval;
  return (
    <dl id="facts" data-live="">
      <dt>{approval.source_type === "team" ? words.common.team : words.common.agent}</dt>
      <dd>{visible(approval.source_name ?? approval.agent_id ?? "")}</dd>
      <dt>{words.common.tool}</dt>
      <dd>{visible(approval.tool_name)}</dd>
      <dt>{words.approval.requestedFor}</dt>
      <dd>{user_id === null ? words.common.noUser : visible(user_id)}</dd>
      <dt>{words.common.startedBy}</dt>
      <dd>
        <StartedBy requestedBy={approval.requested_by} scheduleId={approval.schedule_id} />
      </dd>
      <dt>{words.approval.asked}</dt>
      <dd>
        <Moment seconds={created_at} nowMs={nowMs} /> <span class="dim">({clock(created_at)})</span>
      </dd>
      <PolicyFacts approval={approval} nowMs={nowMs} />
      <dt>{words.common.run}</dt>
      <dd>
        <a href={`/panel/runs/${run_id}`}>{run_id}</a>{" "}
        <span class="dim">({words.runStates[run_status]})</span>
      </dd>
    </dl>
  );
}

/** What is other than the last time that this tool was approved, argument by argument. */
function FromLast({ approval, before }: { approval: ApprovalRecord; before: ApprovalRecord }) {
  const { names, rows } = difference(before.tool_args, approval.tool_args);
  return (
    <details class="more">
      <summary>
        {rows.length === 0 ? words.approval.same : words.approval.differs(rows.length, names)}
      </summary>
      <p class="dim">
        <a href={`/panel/approvals/${before.id}`}>{words.approval.last}</a>
        {before.resolved_by !== null && words.approval.lastBy(visible(before.resolved_by))}
      </p>
      <Rows rows={rows} />
    </details>
  );
}

/** What whoever decided has changed or filled in. */
function FromAsked({ approval: { context, tool_args } }: { approval: ApprovalRecord }) {
  const asked: unknown = context["requested_args"];
  if (typeof asked !== "object" || asked === null) return null;
  const { rows } = difference(asked as JsonObject, tool_args);
  if (rows.length === 0) return null;
  return (
    <>
      <h3>{words.approval.changed}</h3>
      <Rows rows={rows} />
    </>
  );
}

interface Row {
  name: string;
  was: string;
  is: string;
}

function Rows({ rows }: { rows: Row[] }) {
  return (
    <dl>
      {rows.map(({ is, name, was }) => (
        <>
          <dt>{visible(name)}</dt>
          <dd>
            <del>{visible(was)}</del> <ins>{visible(is)}</ins>
          </dd>
        </>
      ))}
    </dl>
  );
}

/** The arguments that differ, and how many there are in all. */
function difference(before: JsonObject, now: JsonObject): { names: number; rows: Row[] } {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  const rows = [...names].flatMap((name) => {
    const [was, is] = [textIn(before, name), textIn(now, name)];
    return was === is ? [] : [{ name, was, is }];
  });
  return { names: names.size, rows };
}

function textIn(args: JsonObject, name: string): string {
  return Object.hasOwn(args, name) ? JSON.stringify(args[name]) : words.common.nothing;
}

/** Who may decide may also say that it waits longer. */
function Extend({ id }: { id: string }) {
  return (
    <form method="post" action={`/panel/approvals/${id}/extend`} class="extend">
      <label for="hours">
        {words.approval.extend.label}
        <select id="hours" name="hours">
          {Object.entries(words.approval.extend.spans).map(([hours, span]) => (
            <option value={hours}>{span}</option>
          ))}
        </select>
      </label>
      <button>{words.approval.extend.press}</button>
    </form>
  );
}

/** The arguments that stay as they are: a suggestion for a field that is still to be filled in stands with the field. */
function settledArgs(approval: ApprovalRecord): JsonObject {
  const { status, tool_args } = approval;
  if (status !== "pending" || needsOf(approval) !== "values") return tool_args;
  const open = new Set(fieldsOf(approval).map(({ name }) => name));
  return Object.fromEntries(Object.entries(tool_args).filter(([name]) => !open.has(name)));
}
