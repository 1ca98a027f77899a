import type { ApprovalRecord } from "../../src/approval/record.ts";
import { runOfApproval } from "../../src/run/ids.ts";
import type { Found } from "./evidence.ts";
import type { Faults } from "./faults.ts";
import { type Handler, reply } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";
import { readAllRuns, type StoredRun } from "./storage.ts";
import type { ToldNotice } from "./wire.ts";

/** A channel's far side, with a memory of all that reached it: it fails, and goes away between receiving and saying so. */
export function sink({ faults, random }: { faults: Faults; random: Random }): {
  handler: Handler;
  received: ToldNotice[];
} {
  const received: ToldNotice[] = [];
  const handler: Handler = async ({ body, response }) => {
    const isLost = random.chance(0.1);
    if (!isLost || random.chance(0.5)) received.push(body as ToldNotice);
    await sleep(random.int(0, 20));
    if (!isLost) return reply(response, "");
    faults.note("a channel failed");
    if (random.chance(0.5)) response.writeHead(500).end();
    else response.destroy();
  };
  return { handler, received };
}

/** How long what is still to be told may take, once nobody is killed any more. */
const patienceMs = 90_000;

const ends: Partial<Record<ApprovalRecord["status"], string>> = {
  approved: "approval.resolved",
  rejected: "approval.resolved",
  expired: "approval.expired",
  cancelled: "approval.cancelled",
};

/** Waits until everything was told, and looks whether it is what has become true, once and for all. */
export async function checkSink(
  found: readonly Found[],
  received: readonly ToldNotice[],
  { ledger, storagePath }: { ledger: Ledger; storagePath: string },
): Promise<void> {
  const records = found
    .flatMap(({ held }) => [...held.values()])
    .filter(({ approval_type }) => approval_type === "required");
  const lost = (): string[] => {
    const told = new Set(received.map(({ about, type }) => `${type} ${about}`));
    const decided = records.map(({ id, status }) => `${ends[status]} ${id}`);
    const ended = found
      .filter(({ run, view }) => run.parent === null && view.status === "COMPLETED")
      .map(({ run }) => `run.completed ${run.id}`);
    return [...decided, ...ended].filter((one) => !told.has(one));
  };
  const startedMs = performance.now();
  while (lost().length > 0 && performance.now() - startedMs < patienceMs) await sleep(250);
  const missing = lost();
  const stored =
    missing.length === 0 ? new Map<string, StoredRun>() : await readAllRuns(storagePath);
  ledger.check("N1 no channel misses how an approval or a run ended", missing.length === 0, () =>
    missing
      .map((one) => {
        const [, id = ""] = one.split(" ");
        const { channel, inspection } = stored.get(runOfApproval(id) ?? id) ?? {};
        return `${one}: ${JSON.stringify({ ...channel, alarmMs: inspection?.alarm_ms, nowMs: Date.now() })}`;
      })
      .join(", "),
  );
  const statusOf = new Map(records.map(({ id, status }) => [id, status]));
  const meant = new Map<string, string>();
  for (const { about, id, status, type } of received) {
    const said = `${type} ${about}`;
    const before = meant.get(id) ?? said;
    ledger.check("N2 a message's id stands for one thing", before === said, () => `${id}: ${said}`);
    meant.set(id, said);
    const isEnd = Object.values(ends).includes(type);
    ledger.check(
      "N3 a channel is told of nothing that did not come to stay",
      !isEnd || statusOf.get(about) === status,
      () => `${said}: ${status}, and it is ${statusOf.get(about)}`,
    );
  }
}
