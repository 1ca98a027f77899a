import { canonicalJson } from "../../../../src/approval/call-hash.ts";
import type { Decision } from "../../../../src/approval/decision.ts";
import type { ApprovalRecord } from "../../../../src/approval/record.ts";
import type { UserAnswer } from "../../../../src/run/answer.ts";
import type { Reply } from "../../../../src/run/messages.ts";
import type { ApprovalRow, RunRow } from "../../../../src/run/store.ts";
import type { Database } from "./database.ts";
import { Duties } from "./duties.ts";
import type { StoredRow } from "./instance.ts";
import type { Scheduler } from "./scheduler.ts";

/** One decision that somebody sent, however often. */
export interface Sent {
  approvalId: string;
  decision: Decision;
  by: string;
  /** When a copy of it reached the object, by the object's clock. */
  deliveredMs: number[];
  acknowledged: boolean;
  taken: string | null;
}

export interface Broken {
  rule: string;
  detail: string;
}

/**
 * What must hold, said of nothing but what the outside sees: what was sent and answered, and what the database was
 * told. It knows nothing of how the run is kept.
 */
export class Judge {
  readonly broken: Broken[] = [];
  readonly sent = new Map<string, Sent>();
  readonly duties = new Duties();
  /** Every approval as it was first shown, in the database or by the object. */
  readonly asked = new Map<string, ApprovalRecord>();
  readonly #latest = {
    object: new Map<string, ApprovalRecord>(),
    database: new Map<string, ApprovalRecord>(),
  };
  readonly #written = new Map<string, string>();
  readonly #user = new Map<string, Set<boolean>>();
  /** The requests that answered in the user's name, each with the row of its answers. */
  readonly #answers = new Map<string, number>();
  readonly #scheduler: Scheduler;
  wasAccepted = false;
  #message: string | null = null;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  fail(rule: string, detail: string): void {
    this.broken.push({ rule, detail });
    this.#scheduler.note("BROKEN", `${rule}: ${detail}`);
  }

  check(rule: string, holds: boolean, detail: () => string): void {
    if (!holds) this.fail(rule, detail());
  }

  accepted(): void {
    this.wasAccepted = true;
  }

  isStarted(message: string): boolean {
    return this.#message === message;
  }

  writeRefused(): void {
    this.duties.excuse();
  }

  stored(row: StoredRow): void {
    for (const entry of row.entries) {
      if (entry.kind === "started") this.#message = entry.message;
      if (entry.kind !== "call_answered") continue;
      const id = entry.requestId ?? "";
      const first = this.#answers.get(id) ?? row.seq;
      this.check("D9 a request answers once", first === row.seq, () => id);
      this.#answers.set(id, first);
    }
    this.duties.take(row);
  }

  decides({ id }: ApprovalRecord, decision: Decision, by: string): Sent {
    const name = canonicalJson({ id, decision, by });
    const found = this.sent.get(name);
    if (found !== undefined) return found;
    const sent = {
      approvalId: id,
      decision,
      by,
      deliveredMs: [],
      acknowledged: false,
      taken: null,
    };
    this.sent.set(name, sent);
    return sent;
  }

  /** A5: one wins, whoever else asks is told who, and the winner is told the same however often they ask. */
  decided(sent: Sent, reply: Reply<{ approval: ApprovalRecord }>): void {
    const { approvalId: id, by, decision } = sent;
    const describe = (): string => `${id} ${decision.status} by ${by}: ${JSON.stringify(reply)}`;
    if (reply.ok) {
      const { approval } = reply;
      sent.acknowledged = true;
      const isOwn =
        approval.status === decision.status &&
        approval.resolved_by === by &&
        canonicalJson(approval.resolution_data ?? {}) === canonicalJson(decision.data ?? {});
      this.check("A5 who is told that they won has won", isOwn, describe);
      const others = this.sentFor(id).filter((other) => other !== sent && other.acknowledged);
      this.check("A5 one decision wins", others.length === 0, describe);
      this.sees(approval, "object");
    } else if (reply.reason === "taken") {
      sent.taken = reply.status;
    }
    const fine = !(sent.acknowledged && sent.taken !== null);
    this.check("A5 the same answer is told again", fine, describe);
  }

  userAnswers(answers: readonly UserAnswer[]): void {
    for (const { confirmed, result, tool_call_id: id, user_input_schema: schema } of answers) {
      const said = this.#user.get(id) ?? new Set();
      said.add(
        confirmed === true ||
          (confirmed !== false && (result !== undefined || schema !== undefined)),
      );
      this.#user.set(id, said);
    }
  }

  /** D4: what was seen to be closed stays as it is; and every end has its cause (A11: a sibling's is none). */
  sees(record: ApprovalRecord, where: "object" | "database"): void {
    const { id, status } = record;
    if (!this.asked.has(id)) this.asked.set(id, record);
    const before = this.#latest[where].get(id);
    this.#latest[where].set(id, record);
    if (record.approval_type === "audit" || status === "pending") {
      this.check(
        "D4 a closed approval stays closed",
        status !== "pending" || (before?.status ?? status) === status,
        () => id,
      );
      return;
    }
    if (before !== undefined && before.status !== "pending") {
      const same = (["status", "resolved_by", "resolved_at", "args_hash"] as const).every(
        (field) => before[field] === record[field],
      );
      this.check(
        "D4 a closed approval stays as it is",
        same,
        () => `${id} ${before.status} ${status}`,
      );
      const kept = before.call_outcome === null || before.call_outcome === record.call_outcome;
      this.check(
        "D3 what became of a call stays as it is",
        kept,
        () => `${id} ${before.call_outcome} ${record.call_outcome}`,
      );
      return;
    }
    const nowMs = this.#scheduler.nowMs;
    const dueMs = (record.expires_at ?? 0) * 1000;
    const caused =
      status === "expired"
        ? nowMs >= dueMs - 1_000
        : status === "cancelled" ||
          this.sentFor(id).some(
            ({ decision, deliveredMs }) => decision.status === status && deliveredMs.length > 0,
          );
    this.check("A11 an approval is closed for a cause of its own", caused, () => `${id} ${status}`);
  }

  /** The database was told; whatever comes late or twice says the same as before. */
  projected(run: RunRow | null, approvals: readonly ApprovalRow[], database: Database): void {
    const write = (id: string, version: number, text: string): void => {
      const name = `${id} ${version}`;
      const before = this.#written.get(name) ?? text;
      this.check(
        "D9 one version of a row says one thing",
        before === text,
        () => `${name}\n${before}\n${text}`,
      );
      this.#written.set(name, text);
    };
    if (run !== null) write(run.id, run.version, `${run.status} ${run.output}`);
    for (const { hidden, record, version } of approvals) {
      const { requirements: _, run_status: __, ...rest } = record;
      write(record.id, version, `${hidden} ${canonicalJson(rest)}`);
    }
    for (const { record } of database.approvals.values()) this.sees(record, "database");
  }

  sentFor(id: string): Sent[] {
    return [...this.sent.values()].filter(({ approvalId }) => approvalId === id);
  }

  /** Whether the run's own user said yes to this call. */
  wasConfirmed(callId: string): boolean {
    const [, step, index] = callId.split(".");
    return [callId, `call_${step}_${index}`].some((id) => this.#user.get(id)?.has(true) === true);
  }

  /** What has been shown of the approvals of the call with this key. */
  shown(key: string): ApprovalRecord[] {
    const all = [...this.#latest.object.values(), ...this.#latest.database.values()];
    return all.filter(({ call_id }) => call_id === key);
  }
}
