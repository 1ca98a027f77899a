import { z } from "zod";
import { Agent } from "../../../src/agent/agent.ts";
import { approval } from "../../../src/approval/approval.ts";
import type { Model } from "../../../src/models/model.ts";
import { tool, type Tool, type ToolOptions } from "../../../src/tools/tool.ts";

type Options = Partial<ToolOptions<z.ZodObject>>;

export const expiresInMs = 1000;
export const useWithinMs = 300;

const model: Model = {
  id: "m",
  provider: "test",
  complete: async () => ({ content: "", toolCalls: [], usage: null }),
};

/** What the simulated model may ask for. `n` is what tells two questions apart. */
const effects: Record<string, Options> = {
  once: {},
  idem: { idempotent: true },
  veri: { reconcile: () => ({ status: "unknown" }) },
};

/** What a deployment may do to the tools of a run that is under way. */
export const deployments = [
  "as it was",
  "changed",
  "gone",
  "no agent",
  "all gated",
  "none gated",
  "other effects",
] as const;
export type Deployment = (typeof deployments)[number];

const agents = new Map(deployments.map((deployment) => [deployment, build(deployment)]));

export function agentAfter(deployment: Deployment): Agent | undefined {
  return agents.get(deployment);
}

export const toolNames = [...(agents.get("as it was")?.tools.keys() ?? []), "unknown"];

function build(deployment: Deployment): Agent | undefined {
  if (deployment === "no agent") return undefined;
  const changed = deployment === "changed";
  const parameters: z.ZodObject = z.object({
    n: z.number(),
    m: z.number().optional(),
    ...(changed && { extra: z.string().default("x") }),
  });
  const make = (name: string, options: Options = {}): Tool =>
    tool({ name, parameters, execute: () => "done", ...options });
  const required = (made: Tool): Tool =>
    approval(made, { expiresIn: expiresInMs, useWithin: useWithinMs });
  const audited = approval({ type: "audit" });
  const free: Tool[] = [];
  const gated: Tool[] = [];
  const kinds = Object.keys(effects);
  for (const [at, kind] of kinds.entries()) {
    const meant = deployment === "other effects" ? kinds[(at + 1) % kinds.length] : kind;
    const options = effects[meant ?? ""] ?? {};
    const look = make(`look_${kind}`, options);
    const pay = make(`pay_${kind}`, options);
    free.push(deployment === "all gated" ? required(look) : look);
    gated.push(deployment === "none gated" ? pay : required(pay));
  }
  const confirm = make("confirm", { requiresConfirmation: true });
  const kept = [
    audited(make("log")),
    required(make("fill", { requiresUserInput: true, userInputFields: ["n"] })),
    required(make("outside", { externalExecution: true })),
    deployment === "all gated" ? required(confirm) : confirm,
    make("enter", { requiresUserInput: true, userInputFields: ["n"] }),
    make("elsewhere", { externalExecution: true }),
    audited(make("audited", { requiresConfirmation: true })),
    audited(make("audited_enter", { requiresUserInput: true, userInputFields: ["n"] })),
    audited(make("audited_elsewhere", { externalExecution: true })),
  ];
  const tools = deployment === "gone" ? kept : [...free, ...gated, ...kept];
  return new Agent({ id: "agent", model, tools, maxSteps: 12 });
}
