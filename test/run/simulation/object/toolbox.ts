import { z } from "zod";
import { Agent } from "../../../../src/agent/agent.ts";
import { approval } from "../../../../src/approval/approval.ts";
import type { Model, ModelMessage, ModelReply } from "../../../../src/models/model.ts";
import {
  type Reconciliation,
  tool,
  type Tool,
  type ToolContext,
  type ToolOptions,
} from "../../../../src/tools/tool.ts";

/** What an instance's tools and model reach through their `env`: the world outside of that instance. */
export interface Outside {
  ask(messages: readonly ModelMessage[]): Promise<ModelReply>;
  call(tool: Tool, args: Record<string, unknown>, ctx: ToolContext): Promise<unknown>;
  reconcile(key: string): Promise<Reconciliation>;
}

export const expiresInMs = 300_000;
export const useWithinMs = 100_000;

/** What a deployment may make of the agent of a run that is under way. */
export const releases = [
  "as it was",
  "changed",
  "tools gone",
  "no agent",
  "all gated",
  "none gated",
  "other effects",
] as const;
export type Release = (typeof releases)[number];

type Options = Partial<ToolOptions<z.ZodObject>>;

const reconcile = (key: string, { env }: ToolContext): Promise<Reconciliation> =>
  outside(env).reconcile(key);
const effects: Options[] = [{}, { idempotent: true }, { reconcile }];

const model: Model = {
  id: "m",
  provider: "simulated",
  complete: async ({ env, messages }) => outside(env).ask(messages),
};

const agents = new Map(releases.map((release) => [release, build(release)]));

export function agentOf(release: Release): Agent | undefined {
  return agents.get(release);
}

export const toolNames = [...(agentOf("as it was")?.tools.keys() ?? []), "unheard of"];

function build(release: Release): Agent | undefined {
  if (release === "no agent") return undefined;
  const parameters: z.ZodObject = z.object({
    n: z.number(),
    m: z.number().optional(),
    ...(release === "changed" && { extra: z.string().default("x") }),
  });
  const make = (name: string, options: Options = {}, gate = (made: Tool) => made): Tool => {
    const execute = (args: Record<string, unknown>, ctx: ToolContext): unknown =>
      outside(ctx.env).call(whole, args, ctx);
    const whole: Tool = gate(tool({ name, parameters, execute, ...options }));
    return whole;
  };
  const required = (made: Tool): Tool =>
    approval(made, { expiresIn: expiresInMs, useWithin: useWithinMs });
  const audited = (made: Tool): Tool => approval(made, { type: "audit" });
  const gatedIf = (gated: boolean) => (gated ? required : undefined);
  const all = release === "all gated";
  const tools = ["once", "same", "check"].flatMap((kind, at) => {
    const options = effects[(at + (release === "other effects" ? 1 : 0)) % effects.length];
    return [
      make(`pay_${kind}`, options, gatedIf(release !== "none gated")),
      make(`look_${kind}`, options, gatedIf(all)),
    ];
  });
  const fields: Options = { requiresUserInput: true, userInputFields: ["n"] };
  return new Agent({
    id: "agent",
    model,
    maxSteps: 6,
    tools: [
      ...(release === "tools gone" ? [] : tools),
      make("fill", fields, required),
      make("elsewhere", { externalExecution: true }, required),
      make("say", { requiresConfirmation: true }, gatedIf(all)),
      make("enter", fields),
      make("noted", {}, audited),
      make("said", { requiresConfirmation: true }, audited),
    ],
  });
}

function outside(env: unknown): Outside {
  return env as Outside;
}
