import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { Entry } from "../../src/run/entry.ts";
import { apply, draft } from "../../src/run/fold.ts";
import { approvalIdOf, newRunId } from "../../src/run/ids.ts";
import type { RunState } from "../../src/run/state.ts";
import { ask, door, pending, read, resolve, settle, start, stub } from "../client.ts";
import { effects, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

async function bytesOf(stream: ReadableStream<Uint8Array> | null): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream ?? new ReadableStream<Uint8Array>()) bytes += chunk.length;
  return bytes;
}

async function journalBytes(runId: string): Promise<number> {
  return runInDurableObject(stub(runId), (_, state) =>
    Number(
      state.storage.sql.exec("SELECT sum(length(entries)) AS n FROM journal").toArray()[0]?.["n"],
    ),
  );
}

test("however often a run is followed, its approval can still be given and its call still reports", async () => {
  const user_id = "x".repeat(100_000);
  const message = script({ calls: [{ name: "delete_user_data", args: { user_id } }] });
  const run = await start(message);
  const { id } = await pending(run.run_id);
  for (let i = 0; i < 100; i++) await bytesOf(await door(run.run_id).follow(0));
  expect(await resolve(id, { status: "approved" })).toMatchObject({ status: 200 });
  expect(await settle(run.run_id)).toMatchObject({ status: "COMPLETED" });
  expect(effects).toHaveLength(1);
});

test("a run that has grown large can still be read and cancelled", async () => {
  const user_id = `${"x".repeat(120_000)}€`;
  const calls = Array.from({ length: 4 }, () => ({ name: "look_up", args: { user_id } }));
  const steps = Array.from({ length: 4 }, () => ({ calls }));
  const message = script(...steps, {
    calls: [{ name: "delete_user_data", args: { user_id: "u" } }],
  });
  const begun = await ask("POST", "/agents/tester/runs", { message, background: true });
  const { run_id } = await begun.json<{ run_id: string }>();
  const path = `/agents/tester/runs/${run_id}`;
  for (let status = ""; status !== "PAUSED"; await scheduler.wait(20)) {
    const reply = await door(run_id).inspect();
    if (reply.ok) ({ status } = reply.inspection);
  }
  const cancelled = await ask("POST", `${path}/cancel`);
  const found = await ask("GET", path);
  expect([cancelled.status, found.status]).toEqual([200, 200]);
}, 30_000);

test("what a reader of a run is sent grows with the run, not with its square", async () => {
  const step = (i: number) => ({
    calls: [{ name: "rename", args: { user_id: `${i}`, name: "n".repeat(20_000) } }],
  });
  const run = await start(script(...Array.from({ length: 30 }, (_, i) => step(i))));
  for (let i = 0; i < 30; i++) {
    const [waiting] = (await read(run.run_id)).requirements;
    const tool_call_id = waiting?.tool_execution.tool_call_id;
    const response = await ask("POST", `/agents/tester/runs/${run.run_id}/continue`, {
      tools: [{ tool_call_id, confirmed: true }],
    });
    expect(response.status).toBe(200);
  }
  const sent = await bytesOf(await door(run.run_id).follow(0));
  const stored = await journalBytes(run.run_id);
  expect(sent).toBeLessThan(4 * stored);
}, 30_000);

test("who follows a large run has each row of its journal read about once", async () => {
  const calls = [{ name: "look_up", args: { user_id: "x".repeat(100_000) } }];
  const run = await start(script(...Array.from({ length: 15 }, () => ({ calls }))));
  const stored = await journalBytes(run.run_id);
  const parse = vi.spyOn(JSON, "parse");
  const sent = await bytesOf(await door(run.run_id).follow(0));
  const read = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
  parse.mockRestore();
  expect(sent).toBeGreaterThan(stored / 2);
  expect(read).toBeLessThan(1.5 * stored);
});

test("a journal folded in place, so that reading it takes as long as it is, gives the same run as in copies", () => {
  const runId = newRunId();
  const facts = { agentId: "a", agentName: "a", sessionId: "s", userId: null, requestedBy: "root" };
  const rows: Entry[][] = [
    [{ kind: "started", runId, ...facts, message: "m", fingerprint: "f", local: true }],
  ];
  for (let step = 1; step <= 5; step++) {
    const calls = Array.from({ length: 64 }, (_, i) => {
      const call = { id: `${runId}.${step}.${i}`, toolCallId: `c${i}`, toolName: "t" };
      return { ...call, rawArguments: "{}", args: {}, toolVersion: "v" };
    });
    rows.push([{ kind: "step_started", step, attempt: 1, boot: "b" }]);
    rows.push([{ kind: "step_ended", content: "", usage: null, calls }]);
    for (const [i, { id: callId }] of calls.entries()) {
      const approvalId = approvalIdOf(runId, (step - 1) * 64 + i);
      const asked = {
        args: {},
        argsHash: "h",
        toolVersion: "v",
        pauseType: "confirmation",
      } as const;
      const times = { expiresAtMs: 2, useWithinMs: 1, type: "required", reason: null } as const;
      const by = { status: "approved", principal: "root", resolvedBy: "ann", data: null } as const;
      const released = { key: callId, args: {}, toolVersion: "v" };
      rows.push([
        { kind: "approval_asked", approvalId, callId, key: callId, ...asked, ...times },
        { kind: "call_waits", callId, pauseType: "confirmation", approvalId },
        { kind: "approval_resolved", approvalId, ...by },
        { kind: "call_released", callId, ...released },
        { kind: "call_started", callId, attempt: 1, boot: "b", effect: "once" },
        { kind: "call_ended", callId, outcome: "succeeded", result: "r" },
      ]);
    }
  }
  let state: RunState | null = null;
  let copied: RunState | null = null;
  const own = draft();
  for (const [seq, entries] of rows.entries()) {
    for (const entry of entries) {
      state = apply(state, entry, { seq, atMs: 1 }, own);
      copied = apply(copied, entry, { seq, atMs: 1 });
    }
  }
  expect(state?.approvals.size).toBe(320);
  expect(state).toEqual(copied);
});
