import type { InputBlock, PlainTextElement, PlainTextInput } from "@slack/types";
import {
  type Control,
  controlOf,
  fieldsOf,
  hintOf,
  inputName,
  isNeeded,
  needsOf,
} from "../../approval/control.ts";
import { type Editable, editablesOf } from "../../approval/edits.ts";
import type { ApprovalRecord, UserInputField } from "../../approval/record.ts";
import type { Decision } from "../../approval/decision.ts";
import { visible } from "../../approval/visible.ts";
import { fitted, maxTextLength, onOneLine, plain } from "./text.ts";

/** An input of a form in Slack. */
export interface Input {
  /** Its name in the form as the panel has it, by which it is read. */
  name: string;
  label: string;
  hint: string;
  isOptional: boolean;
  element: InputBlock["element"];
  /** What was typed, as the panel's form would have it. */
  read: (typed: string) => string;
}

/** What all inputs of ours are called in their blocks. */
export const typedId = "typed";
const maxLabelLength = 2000;
const emoji = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const maxOptionLength = 75;
const maxOptions = 100;
/** Slack takes a hundred blocks; a few are ours. */
const maxInputs = 90;

/** What the form of this answer asks for; null where Slack cannot show it as it is, so that the panel must ask. */
export function inputsOf(approval: ApprovalRecord, status: Decision["status"]): Input[] | null {
  try {
    const inputs = status === "rejected" ? whyNot(approval) : whatElse(approval);
    return inputs.length > maxInputs ? null : inputs;
  } catch (error) {
    if (error instanceof DoesNotFit) return null;
    throw error;
  }
}

/** Inputs as blocks, each under an id by its place. */
export function blocksOf(inputs: readonly Input[]): InputBlock[] {
  return inputs.map(({ element, hint, isOptional, label }, at) => ({
    type: "input",
    block_id: blockId(at),
    optional: isOptional,
    label: text(label),
    element,
    ...(hint !== "" && { hint: text(hint) }),
  }));
}

export function blockId(at: number): string {
  return `input-${at}`;
}

/** Slack has limits, and nothing is left out to keep to them. */
class DoesNotFit extends Error {}

function whyNot({ policy }: ApprovalRecord): Input[] {
  const note = lines({ name: "note", label: "Note", hint: "The agent is told.", isOptional: true });
  if (policy.reasons === null) return [note];
  const choices = policy.reasons.map((reason) => ({ key: reason, label: reason }));
  const reason = { name: "reason", label: "Reason", hint: "", isOptional: false };
  return [{ ...reason, ...choice(choices) }, note];
}

function whatElse(approval: ApprovalRecord): Input[] {
  switch (needsOf(approval)) {
    case "values":
      return fieldsOf(approval).map(fieldInput);
    case "result": {
      const hint = "Text, or JSON: what came of doing what the arguments say. Nothing is executed.";
      return [lines({ name: "result", label: "Result", hint, isOptional: false })];
    }
    case "nothing":
      return editablesOf(approval).map(editInput);
    case "outcome":
      throw new DoesNotFit();
  }
}

function fieldInput(field: UserInputField): Input {
  const control = controlOf(field);
  const isOptional = !isNeeded(field);
  const value: unknown = field.value;
  const suggestion = typeof value === "string" ? value : JSON.stringify(value);
  const hint = [
    field.description ?? "",
    hintOf(field, control),
    value === null ? "" : `The agent suggests: ${suggestion}`,
  ];
  return {
    name: inputName(field),
    label: field.name,
    hint: hint.filter((part) => part !== "").join(" "),
    isOptional,
    ...elementOf(control),
  };
}

function elementOf(control: Control): Pick<Input, "element" | "read"> {
  const asTyped = (typed: string) => typed;
  switch (control.kind) {
    case "choice":
      return choice(control.choices);
    case "number":
      return {
        element: {
          type: "number_input",
          action_id: typedId,
          is_decimal_allowed: !control.isWhole,
        },
        read: asTyped,
      };
    case "line":
      return { element: lineOf(control.type), read: asTyped };
    default:
      return { element: { ...plainInput, multiline: true }, read: asTyped };
  }
}

const plainInput = { type: "plain_text_input", action_id: typedId } as const;

function lineOf(type: (Control & { kind: "line" })["type"]): InputBlock["element"] {
  switch (type) {
    case "date":
      return { type: "datepicker", action_id: typedId };
    case "email":
      return { type: "email_text_input", action_id: typedId };
    case "url":
      return { type: "url_text_input", action_id: typedId };
    case "text":
      return plainInput;
  }
}

function choice(
  choices: readonly { key: string; label: string }[],
): Pick<Input, "element" | "read"> {
  if (choices.length > maxOptions) throw new DoesNotFit();
  return {
    element: {
      type: "static_select",
      action_id: typedId,
      options: choices.map(({ label }, at) => ({
        text: text(label === "" ? '""' : label, maxOptionLength),
        value: String(at),
      })),
    },
    read: (typed) => choices[Number(typed)]?.key ?? typed,
  };
}

/** An argument as it is, to be changed: what comes back as it was has not been changed. */
function editInput({ input, isSecret, isText, name, text: value }: Editable): Input {
  // What an input does not show, or would not give back as it was, is not put into one: Slack writes emoji as their names.
  if (value.length > maxTextLength || visible(value) !== value || emoji.test(value))
    throw new DoesNotFit();
  const hint = isSecret
    ? "It is not shown. Left empty, it stays as it is."
    : isText
      ? ""
      : "JSON. Left as it is, it stays so.";
  const given: Partial<PlainTextInput> = value === "" ? {} : { initial_value: value };
  return {
    name: input,
    label: name,
    hint,
    isOptional: true,
    element: { ...plainInput, multiline: true, ...given },
    read: (typed) => (typed.trim() === value.trim() ? value : typed),
  };
}

function lines(input: Pick<Input, "hint" | "isOptional" | "label" | "name">): Input {
  const element = { ...plainInput, multiline: true, max_length: maxTextLength };
  return { ...input, element, read: (typed) => typed };
}

function text(words: string, max = maxLabelLength): PlainTextElement {
  const { isWhole, texts } = fitted(onOneLine(words), { max });
  if (!isWhole) throw new DoesNotFit();
  return plain(texts[0] ?? "");
}
