import { z } from "zod";
import type { Decision } from "./decision.ts";
import type { ApprovalRecord, JsonObject, UserInputField } from "./record.ts";
import { messageOf } from "../errors.ts";
import { shapeOf } from "../tools/input-fields.ts";
import { parseStrictJson } from "../tools/json.ts";
import { controlOf, fieldsOf, inputName, needsOf } from "./control.ts";
import { readEdits } from "./edits.ts";

/** What a form came with, and what is wrong with it, both by the names of its inputs. */
export interface Draft {
  typed: ReadonlyMap<string, string>;
  reasons: ReadonlyMap<string, string>;
}

export const emptyDraft: Draft = { typed: new Map(), reasons: new Map() };

const Answer = z.object({
  decision: z.enum(["approved", "rejected", "retry", "done"]),
  note: z.string().trim().max(4000).default(""),
  resolved_by: z.string().trim().max(255).default(""),
  reason: z.string().max(255).default(""),
});

export type Reading =
  | { ok: true; decision: Decision; by: string | null }
  | { ok: false; reasons: Draft["reasons"] };

/** The texts of a posted form, by the names of its inputs. */
export function textsOf(form: Record<string, unknown>): Map<string, string> {
  const texts = Object.entries(form).filter(
    (pair): pair is [string, string] => typeof pair[1] === "string",
  );
  // A form ends its lines with CR LF, and the browser counts them as one.
  return new Map(texts.map(([name, text]) => [name, text.replaceAll("\r\n", "\n")]));
}

/** The decision that a form stands for; or why it stands for none, input by input. */
export function readAnswer(approval: ApprovalRecord, typed: Draft["typed"]): Reading {
  const answer = Answer.safeParse(Object.fromEntries(typed));
  if (!answer.success) return { ok: false, reasons: new Map() };
  const { decision, note, reason, resolved_by: by } = answer.data;
  const reasons = new Map<string, string>();
  const data: JsonObject = note === "" ? {} : { note };
  if (decision === "rejected" && reason !== "") data["reason"] = reason;
  if (decision === "rejected" && approval.policy.reasons !== null && reason === "")
    reasons.set("reason", "Say why.");
  const need = needsOf(approval);
  if (decision === "retry" || decision === "done") data["action"] = decision;
  if (decision === "approved" && need === "nothing") {
    const edits = readEdits(approval, typed);
    for (const [name, reason] of edits.reasons) reasons.set(name, reason);
    if (Object.keys(edits.args).length > 0) data["args"] = edits.args;
  }
  const needsResult = decision === "done" || (decision === "approved" && need === "result");
  if (needsResult) {
    const result = readResult(typed);
    if (result === undefined) reasons.set("result", "Say what came of it.");
    else data["result"] = result;
  }
  if (decision === "approved" && need === "values") {
    const read = readValues(fieldsOf(approval), typed);
    for (const [name, reason] of read.reasons) reasons.set(name, reason);
    data["values"] = Object.fromEntries(read.values);
  }
  if (reasons.size > 0) return { ok: false, reasons };
  return {
    ok: true,
    decision: {
      status: decision === "rejected" ? "rejected" : "approved",
      data: Object.keys(data).length === 0 ? null : data,
    },
    by: by === "" ? null : by,
  };
}

/** What was filled in, field by field; with the reasons of what cannot be read, by their inputs. */
export function readValues(
  fields: readonly UserInputField[],
  typed: Draft["typed"],
): { values: (readonly [string, unknown])[]; reasons: Map<string, string> } {
  const reasons = new Map<string, string>();
  const values = fields.flatMap((field) => {
    const name = inputName(field);
    const value = readField(field, typed.get(name) ?? "");
    if (!value.ok) reasons.set(name, value.reason);
    return value.ok && value.isGiven ? [[field.name, value.value] as const] : [];
  });
  return { values, reasons };
}

type Value =
  | { ok: true; isGiven: true; value: unknown }
  | { ok: true; isGiven: false }
  | { ok: false; reason: string };

/** What was typed, as a value of the field's type. Whether the tool takes it is for the run to say. */
function readField(field: UserInputField, text: string): Value {
  const control = controlOf(field);
  if (text.trim() === "") {
    if (!field.required) return { ok: true, isGiven: false };
    if (shapeOf(field.schema).nullable) return given(null);
    return { ok: false, reason: "This is needed." };
  }
  switch (control.kind) {
    case "choice": {
      const choice = control.choices.find(({ key }) => key === text);
      return choice === undefined
        ? { ok: false, reason: "This is none of the choices." }
        : given(choice.value);
    }
    case "number":
      return readNumber(text.trim(), control.isWhole);
    case "json":
      return readJson(text);
    case "anything": {
      const read = readJson(text);
      return read.ok ? read : given(text);
    }
    default:
      return given(text);
  }
}

function given(value: unknown): Value {
  return { ok: true, isGiven: true, value };
}

function readNumber(text: string, isWhole: boolean): Value {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value))
    return { ok: false, reason: "This is no number, such as 12 or 0.5." };
  if (isWhole && !Number.isInteger(value)) return { ok: false, reason: "This is no whole number." };
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return { ok: false, reason: "This number is too large to be held exactly." };
  return given(value);
}

function readJson(text: string): Value {
  try {
    return given(parseStrictJson(text));
  } catch (error) {
    const reason = messageOf(error).replace(/^The arguments are /, "This is ");
    return { ok: false, reason: reason.replace(/^The arguments hold /, "This holds ") };
  }
}

/** What came of an execution elsewhere: an object or a list as one, everything else as the text that it is. */
export function readResult(typed: Draft["typed"]): unknown {
  const text = typed.get("result") ?? "";
  if (text.trim() === "") return undefined;
  const read = /^\s*[[{]/.test(text) ? readJson(text) : undefined;
  return read?.ok === true && read.isGiven ? read.value : text;
}
