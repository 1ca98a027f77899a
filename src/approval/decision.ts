import { canonicalJson } from "./call-hash.ts";
import type { ApprovalStatus, JsonObject } from "./record.ts";

/** Who answers: the authenticated principal, and what they say of themselves where it identifies nobody. */
export interface Decider {
  principal: string;
  /** True where many people may stand behind the principal (the security key, or no authentication). */
  shared: boolean;
  claim: string | null;
}

export interface Decision {
  status: "approved" | "rejected";
  data: JsonObject | null;
}

/** What has been settled about an approval so far. */
export interface Standing {
  status: ApprovalStatus;
  expiresAtMs: number | null;
  principal: string | null;
  resolvedBy: string | null;
  data: JsonObject | null;
}

export type Ruling =
  | { kind: "accept"; resolvedBy: string }
  | { kind: "repeat" }
  | { kind: "lapse" }
  | { kind: "taken"; status: ApprovalStatus };

/**
 * The rule of one decision: the first answer wins, the same answer by the same person is that answer again, and an answer
 * at or after the expiry comes too late, whether or not the alarm has rung.
 */
export function rule(
  standing: Standing,
  decision: Decision,
  decider: Decider,
  nowMs: number,
): Ruling {
  const resolvedBy = nameOf(decider);
  if (standing.status === "pending") {
    return standing.expiresAtMs !== null && nowMs >= standing.expiresAtMs
      ? { kind: "lapse" }
      : { kind: "accept", resolvedBy };
  }
  const same =
    standing.status === decision.status &&
    standing.principal === decider.principal &&
    standing.resolvedBy === resolvedBy &&
    canonicalJson(standing.data ?? {}) === canonicalJson(decision.data ?? {});
  return same ? { kind: "repeat" } : { kind: "taken", status: standing.status };
}

/** Who is named as the one who answered: the principal, or, where that is nobody in particular, what they say of themselves. */
export function nameOf({ principal, shared, claim }: Decider): string {
  return shared && claim !== null && claim.trim() !== "" ? claim : principal;
}

/** What the model is told of a call that a person turned down. */
export function rejectionText(note: string | null): string {
  const text = "Function call was rejected by the user";
  return note === null || note === "" ? text : `${text}: ${note}`;
}

/** The note of a decision, where one was given. */
export function noteOf(data: JsonObject | null): string | null {
  return typeof data?.["note"] === "string" && data["note"] !== "" ? data["note"] : null;
}
