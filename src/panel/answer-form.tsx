import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { fieldsOf, needsOf } from "../approval/control.ts";
import { editablesOf } from "../approval/edits.ts";
import { Field, Labelled, ResultField, TextArea } from "./field.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { words } from "./words.ts";

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
        <ResultField
          label={words.answer.result}
          hint={words.answer.resultHint}
          isRequired
          draft={draft}
        />
      )}
      {need === "outcome" && (
        <ResultField
          label={words.answer.resultIfDone}
          hint={words.answer.resultIfDoneHint}
          draft={draft}
        />
      )}
      {askName && (
        <label>
          {words.common.yourName}
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
              {words.answer.reason} <span class="dim">{words.answer.reasonHint}</span>
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
            {words.common.note} <span class="dim">{words.answer.noteHint}</span>
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
              {words.answer.retry}
            </button>
            <button name="decision" value="done">
              {words.answer.done}
            </button>
            <Reject label={words.answer.leave} />
          </>
        ) : (
          <>
            <button class="yes" name="decision" value="approved">
              {words.answer.approve}
            </button>
            <Reject label={words.answer.reject} />
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
      <summary data-edit>{words.answer.edit}</summary>
      {editables.map(({ input, isSecret, isText, name, text }, at) => (
        <Labelled
          id={`edit-${at}`}
          name={input}
          label={<strong>{visible(name)}</strong>}
          hints={[isSecret ? words.answer.secretHint : isText ? "" : words.answer.jsonHint]}
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
  const suggestedBy = isAsked ? words.answer.suggested : words.answer.before;
  return (
    <>
      <h2>{words.answer.fields}</h2>
      {fieldsOf(approval).map((field, at) => (
        <Field
          field={field}
          at={at}
          suggestedBy={field.is_default === true ? words.answer.fallback : suggestedBy}
          draft={draft}
        />
      ))}
    </>
  );
}
