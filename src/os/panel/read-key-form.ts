import type { z } from "zod";
import { scopeBox } from "../../panel/key-form.tsx";
import type { Draft } from "../../approval/read-answer.ts";
import { KeyRequest } from "../key-schemas.ts";
import { scopes } from "../principal.ts";
import { words } from "../../panel/words.ts";

type Reading =
  | { ok: true; request: z.output<typeof KeyRequest> }
  | { ok: false; reasons: Draft["reasons"] };

/** The key that a form asks for; or why it asks for none, input by input. */
export function readKeyForm(typed: Draft["typed"]): Reading {
  const text = (name: string) => typed.get(name) ?? "";
  const asked = {
    name: text("name").trim(),
    scopes: [
      ...scopes.filter((scope) => typed.has(scopeBox(scope))),
      ...wordsOf(text("scopes"), /[\s,]+/),
    ],
    groups: wordsOf(text("groups"), ","),
    expires_in: typed.has("endless") ? null : text("expires_in").trim(),
  };
  const request = KeyRequest.safeParse(asked);
  if (request.success) return { ok: true, request: request.data };
  const reasons = request.error.issues.map(({ message, path: [name, at] }) => {
    if (name === "expires_in") return [name, words.apiKeys.form.wrongSpan] as const;
    if (name === "scopes" && asked.scopes.length === 0)
      return [name, words.apiKeys.form.noScope] as const;
    const word = name === "scopes" && typeof at === "number" ? `${asked.scopes[at]}: ` : "";
    return [String(name), `${word}${message}`] as const;
  });
  // Of several things that are wrong with an input the first is said.
  return { ok: false, reasons: new Map(reasons.reverse()) };
}

function wordsOf(text: string, between: RegExp | string): string[] {
  return text
    .split(between)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
