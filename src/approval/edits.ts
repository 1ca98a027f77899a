import type { ApprovalRecord } from "./record.ts";
import { messageOf } from "../errors.ts";
import { parseStrictJson } from "../tools/json.ts";

/** An argument that the approver may change. */
export interface Editable {
  name: string;
  /** Its input's name in the form. */
  input: string;
  /** As it is now; empty where nobody is shown it. */
  text: string;
  isText: boolean;
  isSecret: boolean;
}

export function editablesOf({ context, policy, tool_args }: ApprovalRecord): Editable[] {
  if (context["reason"] === "unknown_outcome") return [];
  return policy.edit.map((name) => {
    const value: unknown = tool_args[name];
    const isSecret = policy.secret.includes(name);
    const isText = isSecret || typeof value === "string";
    const text = isText ? String(value) : value === undefined ? "" : JSON.stringify(value);
    return {
      name,
      input: `edit-${encodeURIComponent(name.toWellFormed())}`,
      text: isSecret ? "" : text,
      isText,
      isSecret,
    };
  });
}

/** The arguments that were changed; with the reasons of those that cannot be read, by their inputs. */
export function readEdits(
  approval: ApprovalRecord,
  typed: ReadonlyMap<string, string>,
): { args: Record<string, unknown>; reasons: Map<string, string> } {
  const args: Record<string, unknown> = {};
  const reasons = new Map<string, string>();
  for (const { input, isSecret, isText, name, text } of editablesOf(approval)) {
    const now = typed.get(input);
    if (now === undefined || now === text.replaceAll("\r\n", "\n")) continue;
    if (isSecret && now === "") continue;
    try {
      args[name] = isText ? now : parseStrictJson(now);
    } catch (error) {
      reasons.set(input, messageOf(error).replace(/^The arguments/, "This"));
    }
  }
  return { args, reasons };
}
