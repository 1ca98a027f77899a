import { z } from "zod";
import { approval, type ApprovalOptions } from "../../src/approval/approval.ts";
import { tool, type Tool } from "../../src/tools/tool.ts";
import { act } from "../act.ts";

function send(name: string, options: ApprovalOptions): Tool {
  return approval(
    tool({
      name,
      parameters: z.object({ to: z.string().default("acc-7"), code: z.string().default("") }),
      execute: async (args, ctx) => act(name, args, ctx, `Sent to ${args.to}.`),
    }),
    options,
  );
}

/** What people are asked about by mail. */
export const mailTools = [
  send("send_by_mail", {
    approvers: ["Ann@Example.com", "group:finance", "scope:payments"],
    minAssurance: "email",
    remind: "10m",
    escalate: [{ after: "30m", to: ["boss@example.com", "fin1@example.com", "group:leads"] }],
    expiresIn: "1h",
    reasons: ["too much", "wrong account"],
    secret: ["code"],
    preview: ({ to }) => `Sends to ${String(to)}.`,
  }),
  send("send_by_two", {
    approvers: ["ann@example.com", "bob@example.com"],
    quorum: 2,
    minAssurance: "email",
  }),
  send("send_surely", { approvers: ["ann@example.com"], minAssurance: "slack" }),
  send("send_signed_in", { approvers: ["ann@example.com"], minAssurance: "panel" }),
  send("send_plainly", { approvers: ["ann@example.com"] }),
  send("send_by_nobody", { approvers: ["group:nobody", "scope:payments"], minAssurance: "email" }),
];
