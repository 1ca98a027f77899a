import { z } from "zod";
import { approval, type ApprovalOptions } from "../src/approval/approval.ts";
import { tool, type Tool } from "../src/tools/tool.ts";
import { act } from "./act.ts";

const amount = z.object({
  amount: z.number(),
  to: z.string().default("nobody"),
  code: z.string().default(""),
});

/** What a policy's functions are to do, where a test says so. */
export const policyCode: {
  when: (amount: number) => unknown;
  approvers: (to: string) => unknown;
  preview: (amount: number) => unknown;
} = { when: () => true, approvers: () => [], preview: () => null };

function pay(name: string, options: ApprovalOptions): Tool {
  return approval(
    tool({
      name,
      parameters: amount,
      execute: async (args, ctx) => act(name, args, ctx, `Paid ${args.amount}.`),
    }),
    options,
  );
}

export const policyTools = [
  pay("pay_by_two", { quorum: 2, expiresIn: "4h" }),
  pay("pay_by_three_of_five", { quorum: { approve: 3, reject: 2 } }),
  pay("pay_by_finance", {
    approvers: ["group:finance", "boss@example.com", "scope:payments"],
    escalate: [{ after: "30m", to: ["group:leads"] }],
    remind: ["10m", "20m"],
    expiresIn: "1h",
    risk: "high",
    reasons: ["too much", "wrong account"],
  }),
  pay("pay_edited", { edit: ["amount"], quorum: 1 }),
  pay("pay_edited_by_two", { edit: ["amount"], quorum: 2 }),
  approval(
    tool({
      name: "weigh_by_two",
      parameters: z.object({ parcel: z.string() }),
      externalExecution: true,
    }),
    { quorum: 2 },
  ),
  pay("pay_by_self", { allowSelf: true }),
  pay("pay_surely", { minAssurance: "slack" }),
  pay("pay_on_panel", { minAssurance: "panel" }),
  pay("pay_or_stop", { onExpire: "cancel-run", expiresIn: "1h" }),
  pay("pay_when", {
    when: ({ amount }) => policyCode.when(Number(amount)) as boolean,
    approvers: async ({ to }) => policyCode.approvers(String(to)) as string[],
    preview: ({ amount }) => policyCode.preview(Number(amount)) as string,
    edit: ["amount", "to"],
  }),
  pay("pay_secretly", { secret: ["code"], edit: ["code"] }),
];
