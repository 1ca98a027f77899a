import { expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { approvalsOf } from "../../src/os/approvals.ts";
import { shared } from "../../src/os/principal.ts";
import { approvalIdOf, newRunId } from "../../src/run/ids.ts";
import { crash, get, pending, resolve, start } from "../client.ts";
import { db } from "../database.ts";
import { script } from "../world.ts";
import { unique } from "./http.ts";

test("the run's object is reset while somebody waits for a decision: they are told it all the same", async () => {
  const calls = [{ name: "delete_user_data", args: { user_id: unique("u") } }];
  const run = await start(script({ calls }));
  const { id } = await pending(run.run_id);
  const waiting = get<ApprovalRecord>(`/approvals/${id}/status?wait=30`);
  await crash(run.run_id);
  await resolve(id, { status: "rejected", resolved_by: "ann" });
  expect(await waiting).toMatchObject({ status: "rejected", resolved_by: "ann" });
});

test("who waits is asked for again after a reset with the time that is left", async () => {
  const asked: number[] = [];
  const approval = async (id: string, waitMs: number): Promise<object> => {
    asked.push(waitMs);
    if (asked.length === 1)
      throw Object.assign(new Error("The object was reset."), { durableObjectReset: true });
    return { ok: true, approval: { id } };
  };
  const env = { RUNS: { getByName: () => ({ approval }) } };
  const id = approvalIdOf(newRunId(), 0);
  expect(await approvalsOf(db).get(env, id, shared("root", "api"), 30_000)).toEqual({ id });
  const [first = 0, second = 0] = asked;
  expect(first).toBeGreaterThan(29_000);
  expect(second).toBeLessThanOrEqual(first - 90);
});
