import type { Child } from "hono/jsx";
import type { UserInputField } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { type Control, controlOf, hintOf, inputName, isNeeded } from "../approval/control.ts";
import type { Draft } from "../approval/read-answer.ts";
import { words } from "./words.ts";

interface FieldProps {
  field: UserInputField;
  /** Where it stands in the form: what its parts are tied together by. */
  at: number | string;
  /** Who says what is suggested. */
  suggestedBy: string;
  draft: Draft;
}

/** One field of those that a person fills in, empty until they do: a suggestion is nobody's answer. */
export function Field({ field, at, suggestedBy, draft }: FieldProps) {
  const control = controlOf(field);
  const name = inputName(field);
  return (
    <Labelled
      id={`field-${at}`}
      name={name}
      label={
        <>
          <strong>{visible(field.name)}</strong>{" "}
          <span class="dim">{isNeeded(field) ? words.answer.needed : words.answer.mayBeEmpty}</span>
        </>
      }
      draft={draft}
      hints={[
        field.description === null ? "" : visible(field.description),
        visible(hintOf(field, control)),
      ]}
      suggestion={field.value === null ? undefined : { by: suggestedBy, text: textOf(field.value) }}
    >
      {(tied) => <Input control={control} isNeeded={isNeeded(field)} tied={tied} draft={draft} />}
    </Labelled>
  );
}

interface LabelledProps {
  id: string;
  name: string;
  label: Child;
  hints?: string[];
  suggestion?: { by: string; text: string } | undefined;
  draft: Draft;
  children: (tied: Tied) => Child;
}

/** What ties an input to its label, its hints, and what is wrong with it. */
export interface Tied {
  id: string;
  name: string;
  "aria-describedby"?: string;
  "aria-invalid"?: "true";
}

/** An input with everything that is said of it, the reason why it was not taken right above it. */
export function Labelled({
  id,
  name,
  label,
  hints = [],
  suggestion,
  draft,
  children,
}: LabelledProps) {
  const reason = draft.reasons.get(name);
  const said = hints.filter((hint) => hint !== "");
  const parts = [
    ...said.map((_, n) => `${id}-hint-${n}`),
    ...(suggestion === undefined ? [] : [`${id}-suggestion`]),
    ...(reason === undefined ? [] : [`${id}-reason`]),
  ];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {said.map((hint, n) => (
        <p class="dim" id={`${id}-hint-${n}`}>
          {hint}
        </p>
      ))}
      {suggestion !== undefined && (
        <div id={`${id}-suggestion`}>
          <p class="dim">{suggestion.by}</p>
          <p class="said">{suggestion.text}</p>
        </div>
      )}
      {reason !== undefined && (
        <p class="wrong" id={`${id}-reason`}>
          {visible(reason)}
        </p>
      )}
      {children({
        id,
        name,
        ...(parts.length > 0 && { "aria-describedby": parts.join(" ") }),
        ...(reason !== undefined && { "aria-invalid": "true" as const }),
      })}
    </div>
  );
}

interface InputProps {
  control: Control;
  isNeeded: boolean;
  tied: Tied;
  draft: Draft;
}

function Input({ control, isNeeded: required, tied, draft }: InputProps) {
  const typed = draft.typed.get(tied.name) ?? "";
  switch (control.kind) {
    case "choice":
      return (
        <select {...tied} required={required}>
          <option value="">{required ? words.answer.choose : words.answer.leftOpen}</option>
          {control.choices.map(({ key, label }) => (
            <option value={key} selected={key === typed}>
              {visible(label)}
            </option>
          ))}
        </select>
      );
    case "number": {
      // A browser drops what is no number from an input of that type: then it would not be seen again.
      const type = typed === "" || Number.isFinite(Number(typed)) ? "number" : "text";
      const { isWhole, max, min } = control;
      const bounds = { step: isWhole ? "1" : "any", min, max };
      return <input {...tied} {...bounds} type={type} value={typed} required={required} />;
    }
    case "line":
      return <input {...tied} type={control.type} value={typed} required={required} />;
    default:
      return <TextArea {...tied} required={required} text={typed} rows={3} />;
  }
}

type TextAreaProps = Tied & {
  text: string;
  rows: number;
  required?: boolean;
  maxlength?: number;
};

/** A parser drops the first newline of a textarea, so one of its own stands before the text. */
export function TextArea({ text, ...attributes }: TextAreaProps) {
  return <textarea {...attributes}>{`\n${text}`}</textarea>;
}

interface ResultProps {
  /** Where more than one form stands on a page, they differ in it. */
  id?: string;
  label: string;
  hint: string;
  isRequired?: boolean;
  draft: Draft;
}

/** What came of a call that was executed elsewhere. */
export function ResultField({
  id = "result",
  label,
  hint,
  isRequired = false,
  draft,
}: ResultProps) {
  return (
    <Labelled id={id} name="result" label={<strong>{label}</strong>} hints={[hint]} draft={draft}>
      {(tied) => (
        <TextArea {...tied} rows={4} required={isRequired} text={draft.typed.get("result") ?? ""} />
      )}
    </Labelled>
  );
}

/** A value as a person reads it: a text as it is, everything else as JSON. */
export function textOf(value: unknown): string {
  return visible(typeof value === "string" ? value : JSON.stringify(value, null, 2));
}
