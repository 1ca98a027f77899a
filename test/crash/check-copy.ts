import { canonicalJson } from "../../src/approval/call-hash.ts";
import type { Found, Totals } from "./evidence.ts";
import type { Ledger } from "./ledger.ts";
import { type StartedRun, topOf } from "./family.ts";

/** The database's copy against what the objects hold. */
export function checkCopy(found: readonly Found[], totals: Totals, ledger: Ledger): void {
  let approvals = 0;
  const heldBy = new Map<StartedRun, string[]>();
  for (const { held, run } of found)
    heldBy.set(topOf(run), [...(heldBy.get(topOf(run)) ?? []), ...held.keys()]);
  for (const { held, inspection, listed, run, view } of found) {
    approvals += held.size;
    const { behind } = inspection.outbox;
    ledger.check("D1 copy: nothing is left to tell", behind === 0, () => `${run.id}: ${behind}`);
    const row = totals.rows.get(run.id)?.status;
    ledger.check("D1 copy: a run's row says where it stands", row === view.status, () => {
      return `${run.id}: ${view.status}, row ${row}`;
    });
    for (const [id, record] of held) {
      const copy = listed.get(id);
      const same = copy !== undefined && canonicalJson(copy) === canonicalJson(record);
      ledger.check("D1 copy: an approval is listed as its object holds it", same, () => {
        return `held ${JSON.stringify(record)}, listed ${JSON.stringify(copy)}`;
      });
    }
    // A run's list has what its members hold too, as long as it is not a member's itself.
    const own = new Set(run.parent === null ? heldBy.get(run) : held.keys());
    for (const id of own)
      ledger.check("D1 copy: a team's run lists what its members hold", listed.has(id), () => id);
    const strangers = [...listed.keys()].filter((id) => !own.has(id));
    ledger.check(
      "D1 copy: nothing is listed that is not held",
      strangers.length === 0,
      () => run.id,
    );
  }
  const { counts, listed, rows, totalCount } = totals;
  const sums = () => `${approvals} held, ${listed} listed, ${totalCount} counted`;
  ledger.check(
    "D1 copy: the whole list is there",
    approvals === listed && listed === totalCount,
    sums,
  );
  ledger.check(
    "as many runs as were started, and handed over by teams",
    rows.size === found.length,
    () => {
      return `${rows.size} runs, ${found.length} found`;
    },
  );
  for (const [status, { counted, listed }] of counts) {
    ledger.check("D1 copy: the counters equal a recount", counted === listed, () => {
      return `${status}: ${counted} counted, ${listed} listed`;
    });
  }
}
