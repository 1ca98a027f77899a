import type { JsonObject, Requirement, ToolExecution } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Field, Labelled, ResultField, TextArea } from "./field.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { maxNoteLength, userNeedsOf } from "./user-answer.ts";
import { words } from "./words.ts";

interface UserAnswerFormProps {
  runId: string;
  requirement: Requirement;
  draft: Draft;
}

/** The form by which a call that waits for the run's own user is answered. It works without script. */
export function UserAnswerForm({ runId, requirement, draft }: UserAnswerFormProps) {
  const { id, tool_execution: call } = requirement;
  const need = userNeedsOf(call);
  const fields = need === "values" ? (call.user_input_schema ?? []) : [];
  return (
    <form method="post" action={`/panel/runs/${runId}`}>
      <input type="hidden" name="requirement" value={id} />
      <pre tabindex={0} aria-label={words.answer.argumentsOf(visible(call.tool_name))}>
        {visible(JSON.stringify(settledArgs(call), null, 2))}
      </pre>
      {fields.map((field, at) => (
        <Field
          field={field}
          at={`${id}-${at}`}
          suggestedBy={words.answer.suggested}
          draft={draft}
        />
      ))}
      {need === "result" && (
        <ResultField
          id={`result-${id}`}
          label={words.answer.result}
          hint={words.answer.resultHint}
          isRequired
          draft={draft}
        />
      )}
      <Labelled
        id={`note-${id}`}
        name="note"
        label={
          <>
            {words.common.note} <span class="dim">{words.answer.noteHint}</span>
          </>
        }
        draft={draft}
      >
        {(tied) => (
          <TextArea
            {...tied}
            rows={2}
            maxlength={maxNoteLength}
            text={draft.typed.get("note") ?? ""}
          />
        )}
      </Labelled>
      <div class="actions">
        <button class="yes" name="answer" value="yes">
          {words.answer.yes[need]}
        </button>
        <button class="no" name="answer" value="no" formnovalidate>
          {words.answer.reject}
        </button>
      </div>
    </form>
  );
}

/** The arguments that stay as they are: a suggestion for a field that is to be filled in stands with the field. */
function settledArgs({ tool_args, user_input_schema }: ToolExecution): JsonObject {
  const open = new Set(user_input_schema?.map(({ name }) => name));
  return Object.fromEntries(Object.entries(tool_args).filter(([name]) => !open.has(name)));
}
