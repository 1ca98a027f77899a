import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { fieldsOf, needsOf } from "../approval/control.ts";
import { editablesOf } from "../approval/edits.ts";
import { Field, Labelled, ResultField, resultHint, TextArea } from "./field.tsx";
import type { Draft } from "../approval/read-answer.ts";

interface AnswerFormProps {
  approval: ApprovalRecord;
  askName: boolean;
  draft: Draft;
}

/** The form of a pending approval: what the yes needs, by the kind of pause, and the answers. It works without script. */
export function AnswerForm({ approval, askName, draft }: AnswerFormProps) {
  const need = needsOf(approval);
  return (
    <form method="post" action={`/panel/approvals/${approval.id}`}>
      {need === "values" && <Fields approval={approval} draft={draft} />}
      {need === "nothing" && <Edits approval={approval} draft={draft} />}
      {need === "result" && (
        <ResultField label="Result" hint={resultHint} isRequired draft={draft} />
      )}
      {need === "outcome" && (
        <ResultField
          label="Result, if it took effect"
          hint="What the call came to, as text or JSON: the agent is told."
          draft={draft}
        />
      )}
      {askName && (
        <label>
          Your name
          <input
            name="resolved_by"
            maxlength={255}
            autocomplete="name"
            value={draft.typed.get("resolved_by") ?? ""}
          />
        </label>
      )}
      {approval.policy.reasons !== null && (
        <Labelled
          id="reason"
          name="reason"
          label={
            <>
              Reason <span class="dim">(needed, where you reject)</span>
            </>
          }
          draft={draft}
        >
          {(tied) => (
            <select {...tied}>
              <option value="" />
              {approval.policy.reasons?.map((reason) => (
                <option value={reason} selected={draft.typed.get("reason") === reason}>
                  {visible(reason)}
                </option>
              ))}
            </select>
          )}
        </Labelled>
      )}
      <Labelled
        id="note"
        name="note"
        label={
          <>
            Note <span class="dim">(the agent is told, where you reject)</span>
          </>
        }
        draft={draft}
      >
        {(tied) => (
          <TextArea {...tied} rows={2} maxlength={4000} text={draft.typed.get("note") ?? ""} />
        )}
      </Labelled>
      <div class="actions">
        {need === "outcome" ? (
          <>
            <button class="yes" name="decision" value="retry">
              Run it again
            </button>
            <button name="decision" value="done">
              It took effect
            </button>
            <Reject label="Leave it" />
          </>
        ) : (
          <>
            <button class="yes" name="decision" value="approved">
              Approve
            </button>
            <Reject label="Reject" />
          </>
        )}
      </div>
    </form>
  );
}

/** The arguments that may be changed, as they are: what is left so stays so. */
function Edits({ approval, draft }: { approval: ApprovalRecord; draft: Draft }) {
  const editables = editablesOf(approval);
  if (editables.length === 0) return null;
  const isTouched = editables.some(({ input }) => draft.reasons.has(input));
  return (
    <details class="more" open={isTouched}>
      <summary data-edit>Change the arguments</summary>
      {editables.map(({ input, isSecret, isText, name, text }, at) => (
        <Labelled
          id={`edit-${at}`}
          name={input}
          label={<strong>{visible(name)}</strong>}
          hints={[
            isSecret ? "It is not shown. Left empty, it stays as it is." : isText ? "" : "JSON.",
          ]}
          draft={draft}
        >
          {(tied) => <TextArea {...tied} rows={2} text={draft.typed.get(input) ?? text} />}
        </Labelled>
      ))}
    </details>
  );
}

/** A no needs nothing filled in. */
function Reject({ label }: { label: string }) {
  return (
    <button class="no" name="decision" value="rejected" formnovalidate>
      {label}
    </button>
  );
}

function Fields({ approval, draft }: { approval: ApprovalRecord; draft: Draft }) {
  // What was asked before may have been filled in by a person, and not by the agent.
  const isAsked = approval.context["reason"] === undefined;
  const suggestedBy = isAsked ? "The agent suggests:" : "When this was asked before:";
  return (
    <>
      <h2>To fill in</h2>
      {fieldsOf(approval).map((field, at) => (
        <Field
          field={field}
          at={at}
          suggestedBy={field.is_default === true ? "Default, where it is left empty:" : suggestedBy}
          draft={draft}
        />
      ))}
    </>
  );
}
