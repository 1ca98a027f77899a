import { z } from "zod";
import { approval } from "../src/approval/approval.ts";
import { tool, type Tool, type ToolOptions } from "../src/tools/tool.ts";
import { act } from "./act.ts";

const profile = z.object({
  user_id: z.string(),
  name: z.string().min(2).describe("As it stands in the passport."),
  email: z.email().optional(),
  age: z.number().int().min(18).max(120),
  ratio: z.number().nullable(),
  active: z.boolean(),
  plan: z.enum(["free", "pro"]).default("free"),
  level: z.literal([1, 2]).nullish(),
  born: z.iso.date().optional(),
  story: z.string().max(2000).optional(),
  tags: z.array(z.string()).optional(),
  address: z.object({ city: z.string(), zip: z.string().optional() }).optional(),
  extra: z.union([z.string(), z.number()]).optional(),
});
const profileFields = Object.keys(profile.shape).filter((name) => name !== "user_id") as never[];

const user = z.object({ user_id: z.string(), reason: z.string().optional() });

/** A tool that leaves a record and asks nobody but the run's own user, if anybody. */
function audited(name: string, options: Partial<ToolOptions<typeof user>> = {}): Tool {
  return approval({ type: "audit" })(
    tool({
      name,
      parameters: user,
      execute: async (args, ctx) => act(name, args, ctx, "Done."),
      ...options,
    }),
  );
}

const fill = { requiresUserInput: true, userInputFields: ["reason" as const] };
const confirm = { requiresConfirmation: true };
const fails = () => {
  throw new Error("the disk is full");
};
const hangs = { timeoutMs: 30, execute: () => new Promise(() => undefined) };

/** Tools of every kind of pause, with an approval, without one, and audited. */
export const pauseTools: Tool[] = [
  approval(
    tool({
      name: "set_profile",
      description: "Set a user's profile; a person fills it in.",
      parameters: profile,
      requiresUserInput: true,
      userInputFields: profileFields,
      execute: async (args, ctx) => act("set_profile", args, ctx, `Set ${args.name}.`),
    }),
  ),
  tool({
    name: "ask_profile",
    description: "Ask the run's own user for their profile.",
    parameters: profile,
    requiresUserInput: true,
    userInputFields: profileFields,
    execute: async (args, ctx) => act("ask_profile", args, ctx, `Set ${args.name}.`),
  }),
  audited("audit_confirm", confirm),
  audited("audit_fill", fill),
  audited("audit_outside", { externalExecution: true }),
  audited("audit_fail", { execute: fails }),
  audited("audit_slow", hangs),
  audited("audit_confirm_fail", { ...confirm, execute: fails }),
  audited("audit_confirm_slow", { ...confirm, ...hangs }),
  audited("audit_fill_fail", { ...fill, execute: fails }),
];
