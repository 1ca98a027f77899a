import { canonicalJson } from "../../../../src/approval/call-hash.ts";
import type { ApprovalRecord } from "../../../../src/approval/record.ts";
import type { RunView } from "../../../../src/run/view.ts";
import type { World } from "./world.ts";

const ends = new Set<string>(["COMPLETED", "CANCELLED", "ERROR"]);

/** What must hold when everything has come to rest: D2, D5, D6, D7, D10. */
export async function checkEnd(world: World, isDeserted: boolean): Promise<void> {
  const { calls, database, instance, judge, runId, scheduler } = world;
  const { object } = instance;
  const found = await object.view();
  if (!found.ok) {
    return judge.check("D5 a run that was accepted is there", !judge.wasAccepted, () => runId);
  }
  const { run } = found;
  scheduler.note(`ends as ${run.status}`);
  const isOver = ends.has(run.status);
  const waits = isDeserted && run.status === "PAUSED" && run.requirements.length > 0;
  judge.check("D6 a run ends, or waits for its user", isOver || waits, () => canonicalJson(run));
  const row = database.runs.get(runId);
  const output = isOver ? run.content : null;
  judge.check(
    "D10 the database knows how the run stands",
    row?.status === run.status && row.output === output,
    () => `${row?.status} ${row?.output}: ${run.status} ${output}`,
  );
  for (const { content, role, tool_call_id } of run.messages) {
    const [, step, index] = tool_call_id?.split("_") ?? [];
    if (role === "tool") calls.toldOf(`${runId}.${step}.${index}`, content);
  }
  for (const id of judge.duties.approvals) {
    const reply = await object.approval(id);
    const copy = database.approvals.get(id);
    if (!reply.ok) {
      judge.check("D10 what is gone here is gone there", copy?.hidden === true, () => id);
      continue;
    }
    const { approval } = reply;
    judge.sees(approval, "object");
    judge.check(
      "D10 the database has each approval as it is",
      copy !== undefined && !copy.hidden && same(copy.record, approval),
      () => `${id}\n${canonicalJson(copy?.record ?? null)}\n${canonicalJson(approval)}`,
    );
    checkApproval(world, run, approval);
  }
  judge.check(
    "D10 the database has no other approval",
    [...database.approvals.keys()].every((id) => judge.duties.approvals.has(id)),
    () => runId,
  );
}

function checkApproval(
  { calls: { made }, judge, scheduler }: World,
  run: RunView,
  approval: ApprovalRecord,
): void {
  const { call_id: key, call_outcome: outcome, id, status } = approval;
  const describe = (): string => `${id} ${status} ${outcome}, the run ${run.status}`;
  if (approval.approval_type === "audit") return;
  scheduler.note(`an approval ends as ${status}, its call as ${outcome}`);
  judge.check("D7 every approval is closed", status !== "pending", describe);
  const told = outcome !== null || !ends.has(run.status);
  judge.check("D5 what became of a call is known when the run is over", told, describe);
  if (status === "cancelled")
    judge.check(
      "A11 only the end of a run cancels",
      run.status === "CANCELLED" || run.status === "ERROR",
      describe,
    );
  for (const sent of judge.sent.values()) {
    if (sent.approvalId !== id) continue;
    const kept =
      !sent.acknowledged || (status === sent.decision.status && approval.resolved_by === sent.by);
    judge.check("D5 a decision that was acknowledged is kept", kept, describe);
    judge.check(
      "A5 who lost was told what won",
      sent.taken === null || sent.taken === status,
      () => `${describe()}: ${sent.taken}`,
    );
  }
  const calls = made.filter((call) => call.key === key);
  const isUsed = calls.some(({ approvalId }) => approvalId === id);
  if (status !== "approved") judge.check("A1 what was not approved never ran", !isUsed, describe);
  const handedIn = approval.resolution_data?.["result"] !== undefined;
  if (outcome === "succeeded")
    judge.check(
      "D2 what is said to have succeeded answered",
      handedIn || calls.some((call) => call.answered),
      describe,
    );
  if (outcome !== "unknown" || run.status !== "COMPLETED" || !isUsed) return;
  const later = [...judge.asked.values()].some(
    (other) =>
      other.id > id &&
      other.call_id.split("~")[0] === key.split("~")[0] &&
      other.context["reason"] === "unknown_outcome",
  );
  judge.check("D2 what was interrupted is put to a person", later, describe);
}

/** Lists join a record with its run's status, and a later question may change what an earlier one's shows of the call. */
function same(copy: ApprovalRecord, own: ApprovalRecord): boolean {
  return bare(copy) === bare(own);
}

function bare(record: ApprovalRecord): string {
  const { requirements: _, run_status: __, ...rest } = record;
  return canonicalJson(rest);
}
