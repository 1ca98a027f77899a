import { visible } from "../approval/visible.ts";
import { indented } from "./indented.ts";
import { type Call, type ShownRun, turnsOf } from "./run.ts";
import { shown } from "./text.ts";
import { words } from "./words.ts";

/** What the agent has said and asked for, step by step, under its own name. */
export function Turns({ run, name }: { run: ShownRun; name: string }) {
  return (
    <>
      {turnsOf(run).map(({ calls, content }) => (
        <div class="turn">
          <Speaker name={name} />
          {content !== "" && <p class="said">{shown(content)}</p>}
          {calls.map((call) => (
            <CallView call={call} />
          ))}
        </div>
      ))}
    </>
  );
}

/** Whose words follow. */
export function Speaker({ name }: { name: string }) {
  return (
    <h3>
      {visible(name)} <span class="dim">{words.run.theAgent}</span>
    </h3>
  );
}

function CallView({ call: { args, execution, name } }: { call: Call }) {
  return (
    <div class="call">
      <h4>
        {words.run.calls(visible(name))} <span class="dim">({stateOf(execution)})</span>
      </h4>
      <pre>{shown(indented(args))}</pre>
      {execution !== undefined && execution.result !== null && (
        <>
          <p class="dim">{words.run.told}</p>
          <pre>{shown(execution.result)}</pre>
        </>
      )}
      {typeof execution?.approval_id === "string" && (
        <p>
          <a href={`/panel/approvals/${execution.approval_id}`}>
            {execution.approval_type === "audit" ? words.run.record : words.run.approval}
          </a>
        </p>
      )}
      {typeof execution?.child_run_id === "string" && (
        <p>
          <a href={`/panel/runs/${execution.child_run_id}`}>{words.run.memberRun}</a>
        </p>
      )}
    </div>
  );
}

function stateOf(execution: Call["execution"]): string {
  if (execution === undefined || execution.tool_call_error === null) return words.run.running;
  return execution.tool_call_error ? words.run.failedCall : words.run.succeeded;
}
