import { z } from "zod";
import { approval } from "../../src/approval/approval.ts";
import { tool, type Tool, type ToolOptions } from "../../src/tools/tool.ts";

export const payment = z.object({
  to: z.string(),
  amount: z.number().default(1000),
  note: z.string().optional(),
});

function make(name: string, flags: Partial<ToolOptions<typeof payment>> = {}): Tool {
  return tool({ name, parameters: payment, execute: () => "done", ...flags });
}

/** One tool of each kind that the gate tells apart. */
export const toolbox = {
  lookup: make("lookup"),
  log: approval(make("log"), { type: "audit" }),
  pay: approval(make("pay"), { expiresIn: 1000, useWithin: 500 }),
  fill: approval(make("fill", { requiresUserInput: true, userInputFields: ["to"] })),
  outside: approval(make("outside", { externalExecution: true })),
  confirm: make("confirm", { requiresConfirmation: true }),
  enter: make("enter", { requiresUserInput: true }),
  elsewhere: make("elsewhere", { externalExecution: true }),
  audited: approval(make("audited", { requiresConfirmation: true }), { type: "audit" }),
} as const;

export const tools: ReadonlyMap<string, Tool> = new Map(Object.entries(toolbox));
