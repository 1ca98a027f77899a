import { z } from "zod";
import { approval } from "../../src/approval/approval.ts";
import { tool, type Tool, type ToolContext, type ToolOptions } from "../../src/tools/tool.ts";

type Options = Partial<Omit<ToolOptions<z.ZodObject>, "name" | "parameters" | "execute">>;
type Act = (tool: () => Tool) => (args: Record<string, unknown>, ctx: ToolContext) => unknown;

const one = z.object({ a: z.number() });
const two = z.object({ a: z.number(), b: z.number() });

/** The same names at every release, many of them meaning something else in the next. */
export function toolsOf(release: number, act: Act, known: (key: string) => boolean): Tool[] {
  const make = (
    name: string,
    parameters: z.ZodObject,
    options: Options,
    type?: "required" | "audit",
  ): Tool => {
    const execute = act(() => whole);
    const made = tool({ name, parameters, execute, timeoutMs: 120_000, ...options });
    const whole: Tool = type === undefined ? made : approval(made, { type, expiresIn: "1d" });
    return whole;
  };
  const grow = (parameters: z.ZodObject) => parameters.extend({ c: z.number().default(3) });
  const asks = { requiresConfirmation: true };
  const releases: Tool[][] = [
    [make("pay", one, {}, "required"), make("say", one, asks), make("free", one, {}, "audit")],
    [
      make("pay", grow(one), {}, "required"),
      make("say", grow(one), asks),
      make("free", one, {}, "required"),
    ],
    [make("pay", one, { externalExecution: true }, "required"), make("say", one, {}, "required")],
  ];
  const fields: Options = { requiresUserInput: true, userInputFields: ["b"] };
  const looks: Options = {
    reconcile: (key) => (known(key) ? { status: "done", result: "" } : { status: "not_done" }),
  };
  return [
    ...(releases[release % 3] ?? []),
    make("fill", release % 2 === 0 ? two : grow(two), fields, "required"),
    make("set", one, { idempotent: true }, release % 3 === 1 ? "audit" : "required"),
    make("ship", one, looks, "required"),
    make("look", one, { idempotent: true }),
  ];
}
