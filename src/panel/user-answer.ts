import type { Requirement, ToolExecution } from "../approval/record.ts";
import { inputName } from "../approval/control.ts";
import { type Draft, readResult, readValues } from "../approval/read-answer.ts";
import { words } from "./words.ts";

/** What the run's own user says of a call that waits for them, in the words that a run takes it in. */
export interface UserAnswerRead {
  confirmed?: boolean;
  confirmation_note?: string;
  answered?: true;
  user_input_schema?: { name: string; value: unknown }[];
  result?: unknown;
}

export type UserReading =
  | { ok: true; answer: UserAnswerRead }
  | { ok: false; reasons: Draft["reasons"] };

/** Whether somebody who may approve decides on the call; else the run's own user does. */
export function isGatedWait({ tool_execution: call }: Requirement): boolean {
  return call.approval_id !== null && call.approval_type === "required";
}

/** What the yes needs beside itself. */
export function userNeedsOf(call: ToolExecution): "nothing" | "values" | "result" {
  if (call.requires_user_input === true) return "values";
  return call.external_execution_required === true ? "result" : "nothing";
}

/** The answer that a form stands for; or why it stands for none, input by input. */
export function readUserAnswer(call: ToolExecution, typed: Draft["typed"]): UserReading {
  const note = (typed.get("note") ?? "").trim();
  const isYes = typed.get("answer") === "yes";
  const reasons = new Map<string, string>();
  if (!isYes && typed.get("answer") !== "no") return { ok: false, reasons };
  if (note.length > maxNoteLength) reasons.set("note", words.answer.tooLong(maxNoteLength));
  const answer: UserAnswerRead = note === "" ? {} : { confirmation_note: note };
  const need = userNeedsOf(call);
  if (!isYes || need === "nothing") answer.confirmed = isYes;
  if (isYes && need === "result") {
    const result = readResult(typed);
    if (result === undefined) reasons.set("result", words.answer.noResult);
    else answer.result = result;
  }
  if (isYes && need === "values") {
    const read = readValues(call.user_input_schema ?? [], typed);
    for (const [name, reason] of read.reasons) reasons.set(name, reason);
    answer.user_input_schema = read.values.map(([name, value]) => ({ name, value }));
    answer.answered = true;
  }
  return reasons.size > 0 ? { ok: false, reasons } : { ok: true, answer };
}

/** What the run says of single fields, by the names of their inputs. */
export function reasonsFor(
  call: ToolExecution,
  fields: Readonly<Record<string, string>>,
): Map<string, string> {
  return new Map(
    (call.user_input_schema ?? []).flatMap((field) => {
      const reason = Object.hasOwn(fields, field.name) ? fields[field.name] : undefined;
      return reason === undefined ? [] : [[inputName(field), reason] as const];
    }),
  );
}

export const maxNoteLength = 4000;
