import { z } from "zod";
import { approval, type ApprovalOptions } from "../../src/approval/approval.ts";
import { tool, type Tool, type ToolOptions } from "../../src/tools/tool.ts";
import { act } from "../act.ts";

function make(
  name: string,
  parameters: z.ZodObject,
  options: ApprovalOptions,
  more: Partial<ToolOptions<z.ZodObject>> = {},
): Tool {
  return approval(
    tool({
      name,
      parameters,
      execute: async (args, ctx) => act(name, args, ctx, "Done."),
      ...more,
    }),
    options,
  );
}

const big = ({ amount }: Record<string, unknown>) =>
  typeof amount === "number" && amount >= 1000 ? ["boss@example.com"] : ["ann@example.com"];

export const policyAttackTools = [
  make("a_pay_normal", z.object({ to: z.string().trim().toLowerCase() }), {
    edit: ["to"],
    approvers: ({ to }) => (to === "offshore" ? ["boss@example.com"] : ["ann@example.com"]),
  }),
  make("a_pay_coerced", z.object({ amount: z.coerce.number() }), {
    edit: ["amount"],
    approvers: big,
  }),
  make(
    "a_pay_filled",
    z.object({ to: z.string(), amount: z.number() }),
    { approvers: big },
    {
      requiresUserInput: true,
      userInputFields: ["amount"],
    },
  ),
  make(
    "a_pay_padded",
    z.object({ amount: z.number(), to: z.string().overwrite((text) => `${text}0`) }),
    { edit: ["amount"] },
  ),
  make("a_secret", z.object({ amount: z.number(), code: z.string() }), {
    edit: ["amount"],
    secret: ["code"],
  }),
  make("a_secret_when", z.object({ amount: z.number(), code: z.string() }), {
    secret: ["code"],
    when: ({ code }) => {
      throw new Error(`The code ${String(code)} cannot be looked up.`);
    },
  }),
  make(
    "a_preview",
    z.object({ amount: z.number() }),
    { edit: ["amount"], preview: ({ amount }) => `Pays ${String(amount)} at once.` },
    { timeoutMs: 50, execute: () => new Promise(() => undefined) },
  ),
  make(
    "a_explicit",
    z.object({ amount: z.number() }),
    { when: () => false },
    {
      requiresConfirmation: true,
    },
  ),
  make("a_two_secret_hidden", z.object({ amount: z.number() }), {
    quorum: { approve: 2, reject: 2 },
    reasons: ["too much"],
    expiresIn: "7d",
  }),
  make("a_panel_only", z.object({ amount: z.number() }), { minAssurance: "panel" }),
];
