import type { ApprovalRecord, UserInputField } from "./record.ts";
import { shapeOf } from "../tools/input-fields.ts";

/** What an approval takes beside the yes. */
export type Need = "nothing" | "values" | "result" | "outcome";

export function needsOf({ context, pause_type }: ApprovalRecord): Need {
  if (context["reason"] === "unknown_outcome") return "outcome";
  if (pause_type === "user_input") return "values";
  return pause_type === "external_execution" ? "result" : "nothing";
}

/** The fields that the approval asks a person to fill in. */
export function fieldsOf({ requirements }: ApprovalRecord): UserInputField[] {
  return requirements[0]?.tool_execution.user_input_schema ?? [];
}

/** The input's name in the form: apart from the form's own, and nothing that a form reads anything into. */
export function inputName({ name }: UserInputField): string {
  return `value-${encodeURIComponent(name.toWellFormed())}`;
}

/** How a field is filled in. */
export type Control =
  | { kind: "line"; type: "text" | "email" | "url" | "date" }
  | { kind: "text" }
  | { kind: "number"; isWhole: boolean; min: number | undefined; max: number | undefined }
  | { kind: "choice"; choices: { key: string; label: string; value: unknown }[] }
  | { kind: "json"; schema: Record<string, unknown> }
  /** JSON, or else text: the tool takes either. */
  | { kind: "anything" };

const yesOrNo = [
  { key: "true", label: "Yes", value: true },
  { key: "false", label: "No", value: false },
];

/** A text that may be longer than this, or whose suggestion is, gets room for several lines. */
const maxLineLength = 120;

export function controlOf({ schema: whole, value: suggested }: UserInputField): Control {
  const { schema, types, values } = shapeOf(whole);
  if (values !== null && values.length > 0) {
    const choices = values.map((value) => ({
      key: JSON.stringify(value),
      label: typeof value === "string" ? value : JSON.stringify(value),
      value,
    }));
    return { kind: "choice", choices };
  }
  const [type, ...others] = types;
  if (type === undefined || others.length > 0) return { kind: "anything" };
  switch (type) {
    case "boolean":
      return { kind: "choice", choices: yesOrNo };
    case "integer":
    case "number":
      return {
        kind: "number",
        isWhole: type === "integer",
        min: bound(schema["minimum"]),
        max: bound(schema["maximum"]),
      };
    case "array":
    case "object":
      return { kind: "json", schema };
    case "string":
      return isLong(schema["maxLength"], suggested)
        ? { kind: "text" }
        : { kind: "line", type: lineType(schema["format"]) };
  }
}

function isLong(maxLength: unknown, suggested: unknown): boolean {
  const text = typeof suggested === "string" ? suggested : "";
  const length = Math.max(typeof maxLength === "number" ? maxLength : 0, text.length);
  return length > maxLineLength || text.includes("\n");
}

function lineType(format: unknown): "text" | "email" | "url" | "date" {
  if (format === "email" || format === "date") return format;
  return format === "uri" ? "url" : "text";
}

/** The bounds of what a double holds exactly go without saying. */
function bound(limit: unknown): number | undefined {
  return typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined;
}

/** Whether the form is not sent without it: where it may be null, leaving it empty says so. */
export function isNeeded({ required, schema }: UserInputField): boolean {
  return required && !shapeOf(schema).nullable;
}

/** What is said of how it is filled in. */
export function hintOf(field: UserInputField, control: Control): string {
  const { nullable, schema } = shapeOf(field.schema);
  const preset: unknown = field.schema["default"];
  const parts: string[] = [];
  if (control.kind === "json") parts.push(`JSON that fits ${JSON.stringify(schema)}.`);
  if (control.kind === "number") parts.push(rangeOf(control));
  if (control.kind === "anything") parts.push("JSON, or else text.");
  if (typeof schema["maxLength"] === "number")
    parts.push(`At most ${schema["maxLength"]} characters.`);
  if (preset !== undefined) {
    // What stands there as the default says so by itself.
    if (field.is_default !== true) parts.push(`Left empty, it is ${JSON.stringify(preset)}.`);
  } else if (field.required && nullable) parts.push("Left empty, it is null.");
  return parts.filter((part) => part !== "").join(" ");
}

function rangeOf({ isWhole, max, min }: Control & { kind: "number" }): string {
  const words = [
    isWhole ? "A whole number" : "A number",
    ...(min === undefined ? [] : [`from ${min}`]),
    ...(max === undefined ? [] : [`up to ${max}`]),
  ];
  return `${words.join(" ")}.`;
}
