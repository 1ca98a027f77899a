import type { Random } from "../../../crash/random.ts";
import type { ModelReply } from "../../../../src/models/model.ts";
import { toolNames } from "./toolbox.ts";

const nonsense = ["{}", "{", '{"n":1,"n":1}', '{"n":1,"confirmed":true}', ""];

/** An answer that the model might give: some calls, or its last word. The ids tell the step and the place of a call. */
export function modelSays(random: Random, step: number, last: boolean, n: number): ModelReply {
  const usage = null;
  if (last) return { content: `Done, after ${n}.`, toolCalls: [], usage };
  const toolCalls = Array.from({ length: random.int(1, 3) }, (_, index) => ({
    id: `call_${step}_${index}`,
    name: random.pick(toolNames),
    arguments: random.chance(0.07)
      ? random.pick(nonsense)
      : JSON.stringify({ n: random.int(0, 3), ...(random.chance(0.2) && { m: 1.5 }) }),
  }));
  return { content: random.chance(0.5) ? "Let me see." : "", toolCalls, usage };
}
