import { z } from "@hono/zod-openapi";
import { approvalTypes, runStatuses } from "../approval/record.ts";
import { exampleCall, exampleRequirement, exampleRun } from "./examples.ts";

/** A JSON object. */
export const data = z.record(z.string(), z.unknown());

/** A moment, with what happened then. */
export function seconds(what: string) {
  return z.number().int().describe(`${what}, in epoch seconds.`);
}

export const ErrorBody = z
  .object({ detail: z.string().describe("What is wrong, and what to do about it.") })
  .describe("What is said where something is refused.")
  .openapi("Error", { example: { detail: "Approval not found" } });

export const Issue = z
  .object({
    type: z.string().describe("The kind of problem, for programs, such as `invalid_type`."),
    loc: z
      .array(z.union([z.string(), z.number()]))
      .describe("Where it is: `body`, `query`, `path` or `header`, then the way to the value."),
    msg: z.string().describe("What is wrong, for people."),
  })
  .describe("One value that does not fit.")
  .openapi("Issue");

export const ValidationBody = z
  .object({
    detail: z
      .union([z.string(), z.array(Issue)])
      .describe("What does not fit: a list, or a text where it is no single value's fault."),
  })
  .describe("What is said where a value does not fit.")
  .openapi("ValidationError", {
    example: {
      detail: [
        {
          type: "invalid_type",
          loc: ["body", "message"],
          msg: "Invalid input: expected string, received undefined",
        },
      ],
    },
  });

const UserInputField = z
  .object({
    name: z.string().describe("The argument that a person fills in."),
    field_type: z
      .string()
      .describe(
        "The JSON type of its values, nulls aside: string, integer, number, boolean, array or object.",
      ),
    description: z.string().nullable().describe("What is to be filled in."),
    value: z.unknown().describe("The model's suggestion, until somebody has filled the field in."),
    required: z.boolean().describe("Whether the call cannot be made without it."),
    schema: data.describe("JSON Schema of its values."),
    is_default: z
      .literal(true)
      .optional()
      .describe("Only there where the model left the value out: it is the tool's own default."),
  })
  .describe("One field that a person fills in.")
  .openapi("UserInputField", {
    example: {
      name: "account",
      field_type: "string",
      description: "The account.",
      value: null,
      required: true,
      schema: { type: "string" },
    },
  });

export const ToolExecution = z
  .object({
    tool_call_id: z.string().describe("The model's id of the call, echoed."),
    tool_name: z.string().describe("The tool that is called."),
    tool_args: data.describe("The arguments as they would be executed, defaults included."),
    tool_call_error: z
      .boolean()
      .nullable()
      .describe("Whether the call ended without success; null until it has ended."),
    result: z
      .string()
      .nullable()
      .describe("What the model is told: the tool's result, an error, or why it was not run."),
    requires_confirmation: z.boolean().nullable().describe("Whether a person has to confirm it."),
    confirmed: z.boolean().nullable().describe("What the person said; null until then."),
    confirmation_note: z.string().nullable().describe("The note of who rejected it."),
    requires_user_input: z.boolean().nullable().describe("Whether a person has to fill in fields."),
    user_input_schema: z
      .array(UserInputField)
      .nullable()
      .describe(
        "The fields that a person fills in, as they were when it was asked; null where there are none.",
      ),
    answered: z
      .boolean()
      .nullable()
      .describe("Whether the fields have been filled in; null where there are none."),
    external_execution_required: z
      .boolean()
      .nullable()
      .describe("Whether it is executed elsewhere, and its result handed in."),
    approval_type: z
      .enum(approvalTypes)
      .nullable()
      .describe(
        "Whether its approval is waited for, or an audit record is left; null for neither.",
      ),
    approval_id: z.string().nullable().describe("Its approval, where it has one."),
    child_run_id: z
      .string()
      .nullable()
      .describe("The run of the member that the call was handed to; null for a tool's call."),
    created_at: seconds("When the model asked for the call"),
    is_abridged: z
      .boolean()
      .optional()
      .describe(
        "Only there, and true, in a team's requirements that are too much together: the approval has the arguments.",
      ),
  })
  .describe("A tool call.")
  .openapi("ToolExecution", { example: exampleCall });

export const Requirement = z
  .object({
    id: z.string().describe("kern's identity of the call."),
    created_at: z.string().describe("Since when it waits, in ISO 8601."),
    member_agent_id: z
      .string()
      .optional()
      .describe("In a team's run: the member whose call it is that waits."),
    member_agent_name: z.string().optional().describe("That member's name."),
    member_run_id: z.string().optional().describe("That member's run."),
    tool_execution: ToolExecution,
  })
  .describe("A call that waits for a person.")
  .openapi("Requirement", { example: exampleRequirement });

const Message = z
  .object({
    role: z.enum(["user", "assistant", "tool"]).describe("Who says it."),
    content: z.string().describe("The text."),
    tool_calls: z
      .array(data)
      .optional()
      .describe("The calls that the assistant asks for, as OpenAI writes them."),
    tool_call_id: z.string().optional().describe("The call that this is the result of."),
    tool_name: z.string().optional().describe("The tool that this is the result of."),
  })
  .describe("One message of a conversation.")
  .openapi("Message");

export const Run = z
  .object({
    run_id: z.string().describe("The run's id."),
    session_id: z.string().describe("The session that it belongs to."),
    agent_id: z.string().nullable().describe("The agent; null for a team's run."),
    team_id: z
      .string()
      .nullable()
      .describe("The team whose run it is, or the one that it is a member's run of."),
    parent_run_id: z
      .string()
      .nullable()
      .describe("The run of the team that handed over the task; null where none did."),
    user_id: z.string().nullable().describe("The requesting user, as the client claimed it."),
    requested_by: z
      .string()
      .describe(
        "The authenticated principal that started the run; `webhook:` or `schedule:` and an id for what starts by itself.",
      ),
    schedule_id: z.string().nullable().describe("The schedule that started the run."),
    schedule_run_id: z.string().nullable().describe("Which of the schedule's times it was."),
    status: z
      .enum(runStatuses)
      .describe("`PAUSED` waits for a person; `COMPLETED`, `CANCELLED` and `ERROR` are the end."),
    content: z
      .string()
      .nullable()
      .describe("What the agent or the team's leader said last; at the end, the answer."),
    tools: z.array(ToolExecution).describe("Every call so far."),
    requirements: z
      .array(Requirement)
      .describe("The calls that wait for a person, those of a team's members included."),
    messages: z.array(Message).describe("The conversation so far."),
    created_at: seconds("When it was started"),
  })
  .describe("A run as it stands.")
  .openapi("Run", { example: exampleRun });

export const RunAccepted = z
  .object({
    run_id: z.string().describe("The run's id."),
    session_id: z.string().describe("The session that it belongs to."),
    status: z.enum(runStatuses).describe("Always `PENDING`."),
  })
  .describe("A run that was started.")
  .openapi("RunAccepted", {
    example: { run_id: exampleRun.run_id, session_id: exampleRun.session_id, status: "PENDING" },
  });
