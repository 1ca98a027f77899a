import type { ToolContext } from "../src/tools/context.ts";
import { effects, faults } from "./world.ts";

/** What every tool of the tests does: the world outside sees that it was called, and by which call. */
export async function act(
  name: string,
  args: Record<string, unknown>,
  ctx: ToolContext,
  result: string,
): Promise<string> {
  const { idempotencyKey: key, runId } = ctx;
  effects.push({ tool: name, key, args, approvalId: ctx.approval?.id ?? null, runId });
  await faults.afterEffect?.(name, key);
  return result;
}
