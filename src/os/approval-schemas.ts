import { z } from "@hono/zod-openapi";
import {
  approvalStatuses,
  approvalTypes,
  pauseTypes,
  runStatuses,
  sourceTypes,
} from "../approval/record.ts";
import { assurances, risks } from "../tools/policy.ts";
import { exampleApproval } from "./examples.ts";
import { data, Requirement, seconds } from "./schemas.ts";
import { storable } from "./storable.ts";

const Policy = z
  .object({
    approvers: z
      .array(z.string())
      .nullable()
      .describe("Who may decide: people, `group:…`, `scope:…`; null: whoever may decide at all."),
    quorum: z
      .object({
        approve: z.number().int().describe("How many different people must approve."),
        reject: z.number().int().describe("How many rejections are enough."),
      })
      .describe("How many it takes."),
    allow_self: z.boolean().describe("Whether whoever asked for the call may decide on it."),
    edit: z.array(z.string()).describe("The arguments that an approver may change."),
    reasons: z
      .array(z.string())
      .nullable()
      .describe("What a rejection may be for; where there are some, it needs one."),
    risk: z.enum(risks).nullable().describe("How much is at stake, as the code says."),
    min_assurance: z
      .enum(assurances)
      .nullable()
      .describe("How surely it must be known who decides."),
    on_expire: z.enum(["reject", "cancel-run"]).describe("What happens when its time is up."),
    escalated_to: z.array(z.string()).describe("Who may decide as well by now."),
    escalate: z
      .array(
        z.object({
          after: z.number().int().describe("Seconds after it was asked for."),
          to: z.array(z.string()).describe("Who may decide as well then."),
        }),
      )
      .describe("Who may decide as well, and from when on."),
    escalated_at: z
      .array(seconds("When others came to decide as well"))
      .describe("When each of the first of those came to it."),
    remind: z
      .array(z.number().int().describe("Seconds after it was asked for."))
      .describe("When the approvers are reminded."),
    reminded_at: z
      .array(seconds("When they were reminded"))
      .describe("When the approvers were reminded."),
    secret: z.array(z.string()).describe("The arguments that nobody is shown."),
  })
  .describe("What is asked of those who decide, as it was when the approval was asked for.")
  .openapi("Policy");

const Vote = z
  .object({
    by: z.string().describe("Who voted."),
    status: z.enum(["approved", "rejected"]).describe("What they said."),
    at: seconds("When they said it"),
    args_hash: z
      .string()
      .describe("The arguments that it was given for: for others it does not count."),
    note: z.string().nullable().describe("Why, where they said."),
  })
  .describe("One person's say.")
  .openapi("Vote");

export const Extension = z
  .object({
    expires_in: z
      .number()
      .positive()
      .optional()
      .describe("Seconds from now on; give this or `expires_at`."),
    expires_at: seconds("Until when it waits").optional(),
  })
  .refine((given) => (given.expires_in === undefined) !== (given.expires_at === undefined), {
    message: "Give expires_in or expires_at.",
  })
  .describe("Until when an approval waits.")
  .openapi("Extension", { example: { expires_in: 3600 } });

export const Approval = z
  .object({
    id: z.string().describe("The approval's id; it carries its run's."),
    run_id: z.string().describe("The run that asked."),
    session_id: z.string().describe("The session of the run."),
    status: z.enum(approvalStatuses).describe("Only `pending` can still change."),
    source_type: z.enum(sourceTypes).describe("Who owns the tool."),
    approval_type: z
      .enum(approvalTypes)
      .describe("Whether the call waits for it, or it records a call that did not."),
    pause_type: z.enum(pauseTypes).describe("What a person is asked for."),
    tool_name: z.string().describe("The tool that would be called."),
    tool_args: data.describe("The arguments as they would be executed."),
    expires_at: seconds("When it lapses, undecided").nullable(),
    agent_id: z.string().nullable().describe("The agent that asked."),
    team_id: z.string().nullable().describe("The team that asked, or that the agent works in."),
    workflow_id: z.string().nullable().describe("The workflow that asked."),
    user_id: z.string().nullable().describe("The requesting user, as the client claimed it."),
    schedule_id: z.string().nullable().describe("The schedule that started the run."),
    schedule_run_id: z.string().nullable().describe("Which of the schedule's times it was."),
    source_name: z.string().nullable().describe("The name of the agent, team or workflow."),
    requirements: z.array(Requirement).describe("The one call that is decided."),
    context: data.describe(
      "At least `tool_names` and `source_name`; `reason`, where the call was put to a person anew: `tool_changed` or `unknown_outcome`.",
    ),
    resolution_data: data.nullable().describe("What came with the decision, as it was sent."),
    resolved_by: z
      .string()
      .nullable()
      .describe("Who decided; a claim where the credential is shared."),
    resolved_at: seconds("When it was decided").nullable(),
    created_at: seconds("When it was asked for"),
    updated_at: seconds("When it last changed"),
    run_status: z.enum(runStatuses).describe("Where the run stands."),
    root_run_id: z.string().describe("The run at the top of the team, or the run itself."),
    requested_by: z
      .string()
      .nullable()
      .describe("The authenticated principal that started the run."),
    call_id: z.string().describe("kern's identity of the call."),
    args_hash: z
      .string()
      .describe(
        "SHA-256 over run, call, tool, tool version and arguments: what the decision is bound to.",
      ),
    call_outcome: z
      .enum(["succeeded", "failed", "refused", "rejected", "expired", "cancelled", "unknown"])
      .nullable()
      .describe("What became of the call; null until it has ended."),
    policy: Policy,
    votes: z
      .array(Vote)
      .describe("Of an approval that needs several people: who has had their say."),
    preview: z.string().nullable().describe("What the approver reads beside the arguments."),
  })
  .describe("The record of one gated call: what is asked, who decided, and what came of it.")
  .openapi("Approval", { example: exampleApproval });

export const ApprovalPage = z
  .object({
    data: z.array(Approval).describe("The approvals, newest first."),
    meta: z
      .object({
        page: z.number().int().describe("The number of this page, from 1."),
        limit: z.number().int().describe("How many there are on a page at most."),
        total_pages: z.number().int().describe("How many pages there are; 0 where nothing fits."),
        total_count: z.number().int().describe("How many approvals fit."),
        search_time_ms: z.number().describe("How long the database took, in milliseconds."),
        total_is_exact: z
          .boolean()
          .describe(
            "False where not all were looked at: there are `total_count` at least, and filters are counted to 10,000 at most.",
          ),
        next_cursor: z
          .string()
          .nullable()
          .describe(
            "Give it as `cursor`, with the same filters, for what comes next; null at the end.",
          ),
      })
      .describe("Where in the list this is.")
      .openapi({
        example: {
          page: 1,
          limit: 100,
          total_pages: 1,
          total_count: 1,
          search_time_ms: 3.2,
          total_is_exact: true,
          next_cursor: null,
        },
      }),
  })
  .describe("A page of a list of approvals.")
  .openapi("ApprovalPage");

export const ApprovalCount = z
  .object({
    count: z.number().int().describe("How many fit."),
    is_exact: z
      .literal(false)
      .optional()
      .describe("Only there, and false, where there may be more: filters are counted to 10,000."),
  })
  .describe("A number of approvals.")
  .openapi("ApprovalCount", { example: { count: 3 } });

export const ApprovalState = z
  .object({
    approval_id: z.string().describe("The approval."),
    status: z.enum(approvalStatuses).describe("Only `pending` can still change."),
    run_id: z.string().describe("The run that asked."),
    resolved_at: seconds("When it was decided").nullable(),
    resolved_by: z.string().nullable().describe("Who decided."),
  })
  .describe("Where an approval stands.")
  .openapi("ApprovalStatus", {
    example: {
      approval_id: exampleApproval.id,
      status: "pending",
      run_id: exampleApproval.run_id,
      resolved_at: null,
      resolved_by: null,
    },
  });

export const Resolution = z
  .object({
    status: z.enum(["approved", "rejected"]).describe("The decision."),
    resolved_by: z
      .string()
      .max(255)
      .nullish()
      .describe("Who decides; kept as a claim where the credential is shared."),
    resolution_data: data
      .nullish()
      .describe(
        "By the kind of pause. Rejecting: `note`, which the model is told. Approving user input: `values`. Approving an external execution: `result`. Approving where the outcome is unknown: `action`, `retry` or `done` (with `result`).",
      ),
  })
  .superRefine(storable)
  .describe("A decision.")
  .openapi("Resolution", { example: { status: "approved", resolved_by: "ann@example.com" } });
