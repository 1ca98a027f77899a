import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Candidate, permit } from "../../src/agent/gate.ts";
import { approval } from "../../src/approval/approval.ts";
import { callHash } from "../../src/approval/call-hash.ts";
import { isGated, tool } from "../../src/tools/tool.ts";
import { payment, toolbox, tools } from "./toolbox.ts";

type Held = NonNullable<Candidate["approval"]>;

const call: Candidate = {
  runId: "run_1",
  key: "run_1.1.0",
  toolName: "pay",
  toolVersion: toolbox.pay.version,
  args: { to: "DE1", amount: 1000 },
  userConfirmed: false,
  approval: null,
};

function hashOf(of: Candidate): string {
  return callHash({ ...of, callId: of.key });
}

function approved(change: Partial<Held> = {}, of: Candidate = call): Candidate {
  const held: Held = {
    status: "approved",
    argsHash: hashOf(of),
    resolvedAtMs: 1000,
    useWithinMs: 500,
    consumedBy: null,
  };
  return { ...of, approval: { ...held, ...change } };
}

test("an approved call goes, and goes again under its own key only", () => {
  expect(permit(tools, approved(), 1500)).toEqual({ kind: "go", tool: toolbox.pay });
  expect(permit(tools, approved({ consumedBy: call.key }), 1500).kind).toBe("go");
  expect(permit(tools, approved({ consumedBy: `${call.key}~1` }), 1500).kind).toBe("refuse");
});

test.each(["pending", "rejected", "expired", "cancelled"] as const)(
  "a call whose approval is %s never goes",
  (status) => {
    const verdict = permit(tools, approved({ status }), 1500);
    expect(verdict).toEqual({ kind: "refuse", reason: "The approval does not cover this call." });
  },
);

test.each([
  ["another run", { runId: "run_2" }],
  ["another call", { key: "run_1.1.1" }],
  ["another version", { toolVersion: "v0" }],
  ["other arguments", { args: { to: "DE2", amount: 1000 } }],
  ["another type of argument", { args: { to: "DE1", amount: "1000" } }],
  ["another tool", { toolName: "lookup" }],
] as [string, Partial<Candidate>][])("an approval for %s does not cover the call", (_, other) => {
  const argsHash = hashOf({ ...call, ...other });
  expect(permit(tools, approved({ argsHash }), 1500).kind).toBe("refuse");
  expect(permit(tools, { ...approved(), ...other }, 1500).kind).toBe("refuse");
});

test("an approval covers the arguments in any order of their keys", () => {
  expect(permit(tools, { ...approved(), args: { amount: 1000, to: "DE1" } }, 1500).kind).toBe("go");
});

test("an approval that nobody used in time is asked anew, one in use is not", () => {
  expect(permit(tools, approved(), 1501)).toMatchObject({ kind: "ask", reason: "approval_stale" });
  expect(permit(tools, approved({ consumedBy: call.key }), 99_999).kind).toBe("go");
});

describe("by the tool as it is now", () => {
  const changed = new Map([
    [
      "pay",
      approval(
        tool({
          name: "pay",
          parameters: payment.extend({ fee: z.number().default(1) }),
          execute: () => "",
        }),
      ),
    ],
  ]);

  test("a tool that has changed since is asked about anew, with the arguments as it reads them", () => {
    expect(permit(changed, approved(), 1500)).toMatchObject({
      kind: "ask",
      reason: "tool_changed",
      verdict: {
        args: { to: "DE1", amount: 1000, fee: 1 },
        toolVersion: changed.get("pay")?.version,
      },
    });
  });

  test("a tool that no longer takes these arguments refuses them", () => {
    const email = tool({
      name: "pay",
      parameters: z.object({ email: z.string() }),
      execute: () => "",
    });
    const verdict = permit(new Map([["pay", approval(email)]]), approved(), 1500);
    expect(verdict).toMatchObject({ kind: "refuse", reason: expect.stringContaining("email") });
  });

  test("a tool that is gone is refused", () => {
    const reason = "The tool 'pay' no longer exists.";
    expect(permit(new Map(), approved(), 1500)).toEqual({ kind: "refuse", reason });
  });

  test("a tool that asks for an approval by now is not run without one", () => {
    const verdict = permit(tools, { ...call, userConfirmed: true }, 0);
    expect(verdict).toMatchObject({ kind: "ask", reason: "approval_required" });
  });

  test("a tool that somebody else executes by now is not executed here", () => {
    const moved = approval(
      tool({ name: "pay", parameters: payment, externalExecution: true, execute: () => "" }),
    );
    expect(permit(new Map([["pay", moved]]), approved(), 1500)).toMatchObject({
      kind: "ask",
      verdict: { pauseType: "external_execution" },
    });
  });

  test("a tool that nobody is asked about any more goes, still only by an approval that covers it", () => {
    const free = tool({ name: "pay", parameters: payment, execute: () => "" });
    expect(permit(new Map([["pay", free]]), call, 0).kind).toBe("go");
    const rejected = approved({ status: "rejected" });
    expect(permit(new Map([["pay", free]]), rejected, 1500).kind).toBe("refuse");
  });
});

test("a tool that has changed, and that nobody is asked about any more, does not run what was approved before", () => {
  const freed = tool({
    name: "pay",
    parameters: payment.extend({ fee: z.number().default(1) }),
    execute: () => "",
  });
  const refused = { kind: "refuse", reason: "The tool has changed." };
  expect(permit(new Map([["pay", freed]]), approved(), 1500)).toEqual(refused);
  const confirmed = { ...call, userConfirmed: true };
  expect(permit(new Map([["pay", freed]]), confirmed, 1500)).toEqual(refused);
});

/** When a call may start, said once more. */
function mayGo(of: Candidate, nowMs: number): boolean {
  const wanted = tools.get(of.toolName);
  const { approval: held, userConfirmed } = of;
  if (wanted === undefined) return false;
  const covers =
    held?.status === "approved" &&
    held.argsHash === hashOf(of) &&
    [null, of.key].includes(held.consumedBy);
  const changed = wanted.version !== of.toolVersion;
  if (!isGated(wanted)) return held === null ? !(userConfirmed && changed) : covers && !changed;
  if (changed || wanted.externalExecution) return false;
  if (held === null) return wanted.approval?.type !== "required" && userConfirmed;
  const inTime = nowMs <= (held.resolvedAtMs ?? 0) + held.useWithinMs;
  return covers && (inTime || held.consumedBy === of.key);
}

const held: fc.Arbitrary<(of: Candidate) => Held | null> = fc.oneof(
  fc.constant(() => null),
  fc
    .record({
      status: fc.constantFrom(
        "approved",
        "approved",
        "pending",
        "rejected",
        "expired",
        "cancelled",
      ),
      about: fc.constantFrom<Partial<Candidate>>(
        {},
        {},
        { key: "other" },
        { runId: "run_2" },
        { args: {} },
      ),
      resolvedAtMs: fc.constantFrom(null, 0, 1000),
      useWithinMs: fc.constantFrom(1, 500),
      consumedBy: fc.constantFrom(null, call.key, "other"),
    } as const)
    .map(({ about, ...rest }) => (of: Candidate): Held => {
      return { ...rest, argsHash: hashOf({ ...of, ...about }) };
    }),
);

test("of all calls and all states of their approvals, only those go that may", () => {
  const candidate = fc
    .record({
      toolName: fc.constantFrom(...tools.keys(), "unknown"),
      toolVersion: fc.constantFrom(toolbox.pay.version, "v0"),
      args: fc.constantFrom<Candidate["args"]>(call.args, { to: "DE2", amount: 1 }),
      userConfirmed: fc.boolean(),
      key: fc.constantFrom(call.key, "other"),
      held,
    })
    .map(({ held: make, ...rest }) => {
      const of = { ...call, ...rest };
      return { ...of, approval: make(of) };
    });
  let went = 0;
  fc.assert(
    fc.property(candidate, fc.constantFrom(0, 1, 500, 1000, 1500, 1501), (of, nowMs) => {
      const goes = permit(tools, of, nowMs).kind === "go";
      expect(goes).toBe(mayGo(of, nowMs));
      went += Number(goes);
    }),
    { numRuns: 5000 },
  );
  expect(went).toBeGreaterThan(100);
});
