import type { RunView } from "../../src/run/view.ts";
import type { Answer, Client } from "./client.ts";
import { familyOf, type StartedRun } from "./family.ts";
import type { Ledger } from "./ledger.ts";
import { pathOf, type RunPlan } from "./plans.ts";

interface Message {
  role: string;
  content: string | null;
  tool_call_id?: string;
}

/** What the leader's model is told of each member: its last word, or that it was cancelled, and what was turned down. */
export function checkAnswers(
  { message, turns }: RunPlan,
  messages: readonly Message[],
  ledger: Ledger,
): void {
  const calls = turns.flatMap(({ calls }) => calls);
  for (const { content, tool_call_id: id } of messages) {
    const member = calls.find((call) => call.id === id)?.member ?? null;
    if (member === null) continue;
    const [said = "", ...undone] = content?.split("\n") ?? [];
    const isAnswer =
      said === member.turns.at(-1)?.text ||
      (said === cancelledText(member) && member.cancelAfterMs !== null);
    const isTurnedDown = (line: string): boolean =>
      /^\w+ was not executed\. Function call was (rejected by the user|not executed: its approval)/.test(
        line,
      );
    const holds = isAnswer && undone.every(isTurnedDown);
    ledger.check("a leader's model is told what its members answered", holds, () => {
      return `${message}: ${id}: ${content}`;
    });
  }
}

export function cancelledText({ agentId }: RunPlan): string {
  return `The run of '${agentId}' was cancelled before it had an answer.`;
}

/** As long as a team waits for its members before it answers all the same, and somewhat less. */
const patienceMs = 4_000;

/** The cancellation of a run was acknowledged: its members have heard of it. */
export async function checkDismissed(
  run: StartedRun,
  { gotMs, sentMs }: Answer<unknown>,
  { client, ledger }: { client: Client; ledger: Ledger },
): Promise<void> {
  if (gotMs - sentMs > patienceMs) return;
  for (const { id, plan } of familyOf(run)) {
    const { body, status } = await client.ask<RunView>("GET", `${pathOf(plan)}/${id}`);
    const isOver = status === 404 || body.status === "COMPLETED" || body.status === "CANCELLED";
    ledger.check("a cancellation that was acknowledged has reached every member", isOver, () => {
      return `${run.id}: ${id} ${status} ${body.status}`;
    });
  }
}
