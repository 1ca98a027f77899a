import { canonicalJson } from "../../src/approval/call-hash.ts";
import type { Entry } from "../../src/run/entry.ts";
import { isOver } from "../../src/run/state.ts";
import { cancelledText } from "./check-told.ts";
import type { Found, RunFacts } from "./evidence.ts";
import { familyOf, lineOf, type StartedRun, topOf } from "./family.ts";
import type { Ledger } from "./ledger.ts";
import { isTeam } from "./plans.ts";
import type { StoredRun } from "./storage.ts";

/** What is known of all runs, each by its id. */
interface All {
  found: ReadonlyMap<string, Found>;
  rows: ReadonlyMap<string, RunFacts>;
  stored: ReadonlyMap<string, StoredRun>;
}

/** What leaders and members know of each other, and what the database says of that. */
export function checkTeams(
  found: readonly Found[],
  { rows, stored }: Omit<All, "found">,
  ledger: Ledger,
): void {
  const all: All = { found: new Map(found.map((one) => [one.run.id, one])), rows, stored };
  for (const id of stored.keys())
    ledger.check("no run is there that nobody planned", all.found.has(id), () => id);
  for (const one of found) {
    checkPlace(one, all, ledger);
    checkMembers(one, all, ledger);
  }
}

/** A run's place in its team, as its object, the database and its approvals say. */
function checkPlace({ listed, run, view }: Found, { rows, stored }: All, ledger: Ledger): void {
  const { id, parent, plan, userId } = run;
  const top = topOf(run);
  const own = isTeam(plan.agentId)
    ? { agent_id: null, team_id: plan.agentId }
    : { agent_id: plan.agentId, team_id: parent?.plan.agentId ?? null };
  const same = (what: object, expected: object): boolean =>
    canonicalJson(
      Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(what, key)])),
    ) === canonicalJson(expected);
  const asked = { user_id: userId, session_id: view.session_id };
  const parentId = parent?.id ?? null;
  ledger.check(
    "a run says whose it is",
    same(view, { ...own, user_id: userId, parent_run_id: parentId }),
    () => JSON.stringify(view),
  );
  ledger.check(
    "D1 copy: a run's row says whose it is, and in which team",
    same(rows.get(id) ?? {}, { ...own, ...asked, root_run_id: top.id }) &&
      rows.get(top.id)?.session_id === view.session_id,
    () => JSON.stringify(rows.get(id)),
  );
  const lineage = lineOf(run)
    .toReversed()
    .map(({ id: runId, plan: { agentId } }) => {
      const type = isTeam(agentId) ? "team" : "agent";
      return { type, id: agentId, name: agentId, run_id: runId };
    });
  for (const record of listed.values()) {
    if (record.run_id !== id) continue;
    const holds =
      same(record, { ...own, ...asked, root_run_id: top.id }) &&
      record.source_type === (isTeam(plan.agentId) ? "team" : "agent") &&
      (parent === null || same(record.context, { lineage }));
    ledger.check("D1 copy: an approval says whose it is, and in which team", holds, () =>
      JSON.stringify(record),
    );
  }
  if (parent === null) return;
  const isKnown = [...(stored.get(parent.id)?.state.calls.values() ?? [])].some(
    ({ member }) => member?.runId === id,
  );
  ledger.check("every run that has a parent is known to it", isKnown, () => `${id} of ${parentId}`);
}

function checkMembers(leader: Found, all: All, ledger: Ledger): void {
  const { run, view } = leader;
  for (const [callId, member] of run.members) checkMember(leader, callId, { member, all, ledger });
  if (view.status !== "CANCELLED") return;
  for (const { id } of familyOf(run)) {
    const one = all.found.get(id);
    if (one === undefined) continue;
    const isQuiet =
      isOver(one.view.status) && [...one.held.values()].every(({ status }) => status !== "pending");
    ledger.check("a cancelled team has no member going and no approval pending", isQuiet, () => {
      return `${id} ${one.view.status}`;
    });
  }
}

/** One task that was handed over, or was to be. */
function checkMember(
  leader: Found,
  callId: string,
  { all, ledger, member }: { member: StartedRun; all: All; ledger: Ledger },
): void {
  const rows = all.stored.get(leader.run.id)?.rows ?? [];
  const told = (entry: Entry): boolean => "callId" in entry && entry.callId === callId;
  const entries = rows.flatMap((row) => row.entries.filter(told));
  const handed = entries.filter(({ kind }) => kind === "call_delegated");
  const words = entries.filter((entry) => entry.kind === "member_told");
  const ends = entries.filter((entry) => entry.kind === "call_ended");
  const one = all.found.get(member.id);
  const what = (): string => `${callId}, ${member.id}: ${JSON.stringify(entries)}`;
  ledger.check(
    "a task is handed over once, and its member's run is there",
    handed.length === (one === undefined ? 0 : 1),
    what,
  );
  if (one === undefined) return;
  const isRising = words.every(
    ({ version }, at) => at === 0 || version > (words[at - 1]?.version ?? 0),
  );
  ledger.check("a team hears each word of its member's once, in order", isRising, what);
  const last = words.at(-1);
  ledger.check("a member's end is told to its team", last?.status === one.view.status, what);
  ledger.check("a member's call ends once", ends.length === 1, what);
  const [end] = ends;
  if (end === undefined || (leader.view.status === "CANCELLED" && end.outcome === "cancelled"))
    return;
  const isTold = rows.some(
    (row) =>
      row.entries.includes(end) &&
      row.entries.some(
        (entry) => entry.kind === "member_told" && told(entry) && isOver(entry.status),
      ),
  );
  ledger.check("a member's call ends with its member's run", isTold, what);
  checkAnswer(leader, callId, { ledger, one, family: familyOf(member), found: all.found });
}

/** The leader's tool message says what its member answered, and which calls people turned down in it. */
function checkAnswer(
  leader: Found,
  callId: string,
  {
    family,
    found,
    ledger,
    one,
  }: { one: Found; family: StartedRun[]; found: All["found"]; ledger: Ledger },
): void {
  const { plan } = one.run;
  const at = leader.inspection.calls.findIndex(({ id }) => id === callId);
  const [said = "", ...undone] = leader.view.tools[at]?.result?.split("\n") ?? [];
  const isDone = one.view.status === "COMPLETED";
  const expected = family.flatMap(({ id }) =>
    found.has(id) ? turnedDown(found.get(id) as Found) : [],
  );
  // A member that was cancelled ends before those of its own have told everything.
  const saysAll = !isDone || expected.every((line) => undone.includes(line));
  const holds =
    said === (isDone ? one.view.content : cancelledText(plan)) &&
    saysAll &&
    undone.every((line) => expected.includes(line)) &&
    new Set(undone).size === undone.length;
  ledger.check("a leader is told what its member answered, and what was turned down", holds, () => {
    return `${callId}: ${JSON.stringify([said, ...undone])}, expected ${JSON.stringify(expected)}`;
  });
}

function turnedDown({ inspection, view }: Found): string[] {
  return inspection.calls.flatMap(({ outcome, tool_name }, at) =>
    outcome === "rejected" || outcome === "expired"
      ? [`${tool_name} was not executed. ${view.tools[at]?.result}`]
      : [],
  );
}
