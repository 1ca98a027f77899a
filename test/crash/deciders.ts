import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { Answer, Client } from "./client.ts";
import type { History } from "./history.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";
import type { Watch } from "./watch.ts";

type Verdict = Pick<ApprovalRecord, "status" | "resolution_data">;

/** One decision as one person sends it, with the answer that they got in the end. */
export interface Decided {
  approvalId: string;
  by: string;
  verdict: Verdict;
  status: number;
  record: ApprovalRecord | null;
  tries: number;
  gotMs: number;
}

/** Two people for each approval, who know nothing of each other, and ask until they are answered. */
export interface Deciders {
  /** An approval waits: both are told, once. */
  see(record: ApprovalRecord): void;
  /** Whether the one who decided it, by this record, still waits to hear so. */
  isUnanswered(record: { id: string; resolved_by: string | null }): boolean;
  /** How many have not been answered yet. */
  waiting(): number;
  readonly decided: readonly Decided[];
}

export function createDeciders(
  client: Client,
  {
    history,
    ledger,
    random,
    watch,
  }: { history: History; ledger: Ledger; random: Random; watch: Watch },
): Deciders {
  const seen = new Set<string>();
  const asking = new Set<string>();
  const decided: Decided[] = [];
  let waiting = 0;

  const decide = async (record: ApprovalRecord, by: string, verdict: Verdict): Promise<void> => {
    const { id } = record;
    const path = `/approvals/${id}/resolve`;
    const body = { ...verdict, resolved_by: by };
    const ask = async (): Promise<Answer<ApprovalRecord>> =>
      client.ask<ApprovalRecord>("POST", path, body);
    await sleep(delayMs(record, random));
    asking.add(`${id} ${by}`);
    const first = await ask();
    asking.delete(`${id} ${by}`);
    watch.heard();
    const expected = first.status === 200 || first.status === 409;
    ledger.check("A5 a decision is accepted, or refused because it was taken", expected, () => {
      return `${id} by ${by}: ${first.status} ${JSON.stringify(first.body)}`;
    });
    const { gotMs, status, tries } = first;
    if (status === 200) history.approval("object", first.body, first);
    const accepted = status === 200 ? first.body : null;
    decided.push({ approvalId: id, by, verdict, status, record: accepted, tries, gotMs });
    if (!random.chance(0.25)) return;
    await sleep(random.int(0, 1_000));
    const second = await ask();
    const same =
      second.status === first.status &&
      (status !== 200 || second.body.resolved_at === first.body.resolved_at);
    ledger.check("A5 a decision that is repeated gets its own answer again", same, () => {
      return `${id} by ${by}: ${first.status}, then ${second.status}`;
    });
  };

  return {
    see(record) {
      if (seen.has(record.id)) return;
      seen.add(record.id);
      for (const by of ["ann", "bob"]) {
        waiting += 1;
        const verdict = verdictFor(record, by, random);
        decide(record, by, verdict)
          .catch((error: unknown) => {
            ledger.check("the campaign itself does not fail", false, () => String(error));
          })
          .finally(() => {
            waiting -= 1;
          });
      }
    },
    isUnanswered: ({ id, resolved_by }) => asking.has(`${id} ${resolved_by}`),
    waiting: () => waiting,
    decided,
  };
}

/** The call whose outcome nobody knew, by its key: the one before this approval's own. */
export function keyBefore({ call_id }: ApprovalRecord): string {
  const [call = "", n = "1"] = call_id.split("~");
  return n === "1" ? call : `${call}~${Number(n) - 1}`;
}

function verdictFor({ context }: ApprovalRecord, by: string, random: Random): Verdict {
  const note = random.chance(0.5) ? { note: `${by} says no` } : null;
  const rejected: Verdict = { status: "rejected", resolution_data: note };
  if (context["reason"] !== "unknown_outcome") {
    return random.chance(0.8) ? { status: "approved", resolution_data: null } : rejected;
  }
  const action = random.pick(["retry", "retry", "done", "no"]);
  if (action === "no") return rejected;
  return {
    status: "approved",
    resolution_data: action === "retry" ? { action } : { action, result: `${by} saw it done` },
  };
}

/** Some approvals lapse before anyone answers, and some just when somebody does. */
function delayMs({ tool_name }: ApprovalRecord, random: Random): number {
  const isSlow = tool_name === "bid" && random.chance(0.6);
  return isSlow ? random.int(10_000, 13_000) : random.int(0, 250);
}
