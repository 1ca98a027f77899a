import { expect, test } from "vitest";
import { z } from "zod";
import { Agent } from "../../src/agent/agent.ts";
import { approval, type ApprovalOptions } from "../../src/approval/approval.ts";
import type { Decider } from "../../src/approval/decision.ts";
import type { Model } from "../../src/models/model.ts";
import { answer } from "../../src/run/decide.ts";
import type { Entry } from "../../src/run/entry.ts";
import { newRunId } from "../../src/run/ids.ts";
import { plan, workOf } from "../../src/run/plan.ts";
import { finish, type Found, receive } from "../../src/run/reply.ts";
import type { RunState } from "../../src/run/state.ts";
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
  advance(entries: Entry[] = []) {
    const done = plan(this.state, entries, this.setting());
    this.state = done.state;
    for (const launch of done.launches) this.alive.add(workOf(launch));
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
