import { expect, test } from "vitest";
import { z } from "zod";
import { Agent } from "../../src/agent/agent.ts";
import { approval, type ApprovalOptions } from "../../src/approval/approval.ts";
import type { Decider } from "../../src/approval/decision.ts";
import type { Model } from "../../src/models/model.ts";
import { answer } from "../../src/run/decide.ts";
import type { Entry } from "../../src/run/entry.ts";
import { newRunId } from "../../src/run/ids.ts";
import { findingsOfCall } from "../../src/run/findings.ts";
import { type Launch, plan, workOf } from "../../src/run/plan.ts";
import type { Findings } from "../../src/run/question.ts";
import { finish, type Found, receive } from "../../src/run/reply.ts";
import { known, type RunState } from "../../src/run/state.ts";
import { approvalRecord, runView } from "../../src/run/view.ts";
import { tool, type Tool } from "../../src/tools/tool.ts";

const model: Model = {
  id: "m",
  provider: "test",
  complete: async () => ({ content: "", toolCalls: [], usage: null }),
};
const parameters = z.object({ amount: z.number(), code: z.string() });
const bare = tool({ name: "pay", parameters, execute: () => "done" });
const other = tool({ name: "other", parameters: z.object({}), execute: () => "" });
const agentWith = (...tools: Tool[]) => new Agent({ id: "agent", model, tools: [other, ...tools] });
const canary = "s3cr3t-canary";

const person = (name: string): Decider => ({
  principal: `https://id|${name}`,
  shared: false,
  claim: null,
  kind: "person",
  name,
  aliases: [name],
  names: [name],
  assurance: "panel",
});

class Run {
  state: RunState;
  nowMs = 1_000_000;
  boot = 1;
  alive = new Set<string>();
  agent: Agent | undefined;
  launches: Launch[] = [];
  constructor(agent: Agent) {
    this.agent = agent;
    const started: Entry = {
      kind: "started",
      runId: newRunId("x"),
      agentId: "agent",
      agentName: "A",
      sessionId: "s",
      userId: "mia",
      requestedBy: "user:mia",
      message: "go",
      fingerprint: "f",
      local: true,
    };
    this.state = plan(null, [started], this.setting()).state;
    this.alive.add("step 1");
  }
  setting() {
    return {
      nowMs: this.nowMs,
      boot: `b${this.boot}`,
      alive: this.alive,
      agent: this.agent,
      killSwitch: "off" as const,
    };
  }
  advance(entries: Entry[] = [], findings: ReadonlyMap<string, Findings> = new Map()) {
    const done = plan(this.state, entries, { ...this.setting(), findings });
    this.state = done.state;
    for (const launch of done.launches) this.alive.add(workOf(launch));
    this.launches = done.launches;
  }
  /** The policies that are being asked answer. */
  async answered() {
    for (const launch of this.launches) {
      if (launch.kind !== "policy" || this.agent === undefined) continue;
      const { agent, state } = this;
      const around = { agent, state, env: {}, signal: new AbortController().signal };
      const found = await findingsOfCall(known(state.calls, launch.callId), around);
      this.alive.delete(workOf(launch));
      this.advance([], new Map([[launch.callId, found]]));
    }
  }
  asks(findings: Found[] = []) {
    this.alive.clear();
    const reply = {
      content: "",
      usage: null,
      toolCalls: [
        { id: null, name: "pay", arguments: JSON.stringify({ amount: 1, code: canary }) },
      ],
    };
    this.advance(
      receive(this.state, reply, this.agent as Agent, this.setting(), undefined, findings),
    );
  }
  say(name: string, data: Record<string, unknown> | null = null) {
    const last = [...this.state.approvals.values()].at(-1);
    if (last === undefined) throw new Error("no approval");
    const given = answer(this.state, last, { status: "approved", data }, person(name), {
      nowMs: this.nowMs,
      tools: this.agent?.tools ?? new Map(),
    });
    if (given.kind === "accepted") this.advance(given.entries);
    return given.kind;
  }
  redeploy(agent: Agent | undefined) {
    this.agent = agent;
    this.alive.clear();
    this.boot++;
    this.advance();
  }
  seen() {
    const tools = this.agent?.tools ?? new Map<string, Tool>();
    return JSON.stringify([
      runView(this.state, tools),
      ...[...this.state.approvals.values()].map((one) => approvalRecord(this.state, one, tools)),
    ]);
  }
}

const strict: ApprovalOptions = {
  approvers: ["boss", "vice"],
  quorum: 2,
  secret: ["code"],
  minAssurance: "api",
};

test.each([
  ["is gone", undefined],
  ["asks for no approval any more", bare],
])(
  "an unknown outcome is put to those who were asked first, also where the tool %s",
  (_, later) => {
    const run = new Run(agentWith(approval(bare, strict)));
    run.asks();
    expect(run.say("mallory")).toBe("forbidden");
    expect([run.say("boss"), run.say("vice")]).toEqual(["accepted", "accepted"]);
    expect([...run.state.calls.values()][0]?.phase).toBe("running");
    run.redeploy(later === undefined ? agentWith() : agentWith(later));
    const last = [...run.state.approvals.values()].at(-1);
    expect([last?.reason, last?.status]).toEqual(["unknown_outcome", "pending"]);
    expect.soft(run.seen()).not.toContain(canary);
    expect.soft(last?.rules.approvers).toEqual(["boss", "vice"]);
    expect(run.say("mallory", { action: "done", result: "It worked." })).toBe("forbidden");
  },
);

test("what was secret stays so in the record of an audited call, whatever becomes of the tool", () => {
  const run = new Run(agentWith(approval({ type: "audit", secret: ["code"] })(bare)));
  run.asks();
  const call = [...run.state.calls.values()][0];
  if (call?.phase !== "running") throw new Error(String(call?.phase));
  run.alive.clear();
  run.advance(finish(run.state, call, run.agent?.tools.get("pay") as Tool, "succeeded", "ok"));
  expect(run.seen().includes(canary), "before").toBe(false);
  run.redeploy(agentWith());
  expect(run.seen().includes(canary), "after").toBe(false);
});

test("and in a call that needed no approval", () => {
  const run = new Run(agentWith(approval(bare, { secret: ["code"], when: () => false })));
  run.asks([
    { waived: true, approvers: null, preview: null, of: `{"amount":1,"code":"${canary}"}` },
  ]);
  expect([...run.state.calls.values()][0]).toMatchObject({ phase: "running", waived: true });
  expect(run.seen().includes(canary), "before").toBe(false);
  run.agent = undefined;
  expect(run.seen().includes(canary), "after").toBe(false);
});

test("a deployment that lacked the tool for a moment does not open its policy for good", () => {
  const strictTool = approval(bare, strict);
  const run = new Run(agentWith(strictTool));
  run.asks();
  run.say("boss");
  run.say("vice");
  run.redeploy(agentWith());
  run.redeploy(agentWith(strictTool));
  const said = run.say("mallory", { action: "retry" });
  expect([said, [...run.state.calls.values()][0]?.phase]).toEqual(["forbidden", "waiting"]);
});

const versioned = (version: string, options: ApprovalOptions) =>
  approval(tool({ name: "pay", parameters, version, execute: () => "" }), options);

test("a call that needed nobody, and is put to people after a deployment, has somebody who may decide", async () => {
  const options: ApprovalOptions = { when: () => false, approvers: () => ["boss"] };
  const run = new Run(agentWith(versioned("1", options)));
  run.alive.clear();
  const args = { amount: 1, code: "c" };
  const reply = {
    content: "",
    usage: null,
    toolCalls: [{ id: null, name: "pay", arguments: JSON.stringify(args) }],
  };
  const waived = { waived: true, approvers: ["boss"], preview: null, of: JSON.stringify(args) };
  const { agent } = run;
  const entries = receive(run.state, reply, agent as Agent, run.setting(), undefined, [waived]);
  // The agent goes away before the call starts.
  run.agent = undefined;
  run.advance(entries);
  run.redeploy(agentWith(versioned("2", options)));
  expect(run.state.approvals.size).toBe(0);
  await run.answered();
  const last = [...run.state.approvals.values()].at(-1);
  expect([last?.reason, last?.rules.approvers]).toEqual(["tool_changed", ["boss"]]);
});

test("a new version's own function says who approves its calls, and what they read", async () => {
  const by = (who: string, version: string) =>
    versioned(version, { approvers: () => [who], preview: () => `Version ${version} pays.` });
  const run = new Run(agentWith(by("boss", "1")));
  run.asks([{ waived: false, approvers: ["boss"], preview: "Version 1 pays.", of: "" }]);
  const { agent } = run;
  run.agent = undefined;
  const [first] = run.state.approvals.values();
  if (first === undefined) throw new Error("Nobody was asked.");
  const decision = { status: "approved" as const, data: null };
  const tools = (agent as Agent).tools;
  const given = answer(run.state, first, decision, person("boss"), { nowMs: run.nowMs, tools });
  if (given.kind === "accepted") run.advance(given.entries);
  run.redeploy(agentWith(by("cfo", "2")));
  await run.answered();
  const again = [...run.state.approvals.values()].at(-1);
  expect(again).toMatchObject({ reason: "tool_changed", preview: "Version 2 pays." });
  expect(again?.rules.approvers).toEqual(["cfo"]);
});
