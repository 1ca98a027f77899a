import { z } from "zod";
import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { words } from "./words.ts";

const Steps = z.array(z.object({ name: z.string(), run_id: z.string().regex(/^run_\w+$/) }));

/** Team, member, and so on, down to whose call it is, each with the run that it was in; nothing outside of a team. */
export function Lineage({ approval }: { approval: ApprovalRecord }) {
  const { data: steps = [] } = Steps.safeParse(approval.context["lineage"]);
  if (steps.length === 0) return null;
  return (
    <>
      <dt>{words.policy.lineage}</dt>
      <dd>
        {steps.map(({ name, run_id }, at) => (
          <>
            {at > 0 && " → "}
            <a href={`/panel/runs/${run_id}`}>{visible(name)}</a>
          </>
        ))}
      </dd>
    </>
  );
}
