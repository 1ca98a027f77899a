import { z } from "@hono/zod-openapi";
import type { UserAnswer } from "../run/answer.ts";
import { flag } from "./body.ts";
import { exampleTeamRun } from "./examples.ts";
import { storable } from "./storable.ts";

/** Ids of clients' own: they are kept and shown, so they are bounded. */
export const clientId = z.string().min(1).max(255).nullish();
/** A chat that has no session yet sends an empty one. */
const sessionId = z.preprocess((value) => (value === "" ? undefined : value), clientId);
const userId = clientId.describe("The requesting user: a claim of the client's.");

/** What somebody asks of an agent, in so many bytes at most. */
export function messageUpTo(maxBytes: number) {
  return z
    .string()
    .min(1, "The message must not be empty.")
    .refine((text) => text.trim() !== "", "The message must not be empty.")
    .refine(
      (text) => new TextEncoder().encode(text).length <= maxBytes,
      `The message is larger than ${maxBytes / 1024} KiB.`,
    );
}

export const RunRequest = z
  .object({
    message: messageUpTo(256 * 1024).describe("What the user says; 256 KiB at most."),
    stream: flag(true).describe(
      "Server-sent events (default), or the run as JSON once it has paused or ended.",
    ),
    background: flag(false).describe("Answer 202 as soon as the start is stored."),
    session_id: sessionId.describe(
      "The session to go on with, which belongs to its first user; a new one without it.",
    ),
    user_id: userId,
    callback_url: z
      .string()
      .max(2000)
      .nullish()
      .describe(
        "Where this run's events are sent to, signed with the secret of `GET /callbacks/secret`: https, to a public name. Only where AgentOS has callbacks.",
      ),
  })
  .superRefine(storable)
  .describe("What a run is started with.")
  .openapi("RunRequest", {
    example: { message: "Please delete user u-42", stream: false, user_id: "mia" },
  });

const note = z.string().max(4096).nullish().describe("Why it may not run; the model is told.");
const confirmed = z.boolean().nullish().describe("Whether the call may run.");
const result = z.unknown().optional().describe("What came of an execution elsewhere.");
const inputs = z
  .array(
    z.object({
      name: z.string().describe("The field."),
      value: z.unknown().optional().describe("What is filled in."),
    }),
  )
  .nullish()
  .describe("The fields that are filled in.");
const Answer = z.object({
  tool_call_id: z.string().describe("The call that is answered."),
  confirmed,
  confirmation_note: note,
  answered: z
    .boolean()
    .nullish()
    .describe("True where the fields stand as they are, even if all of them are empty."),
  user_input_schema: inputs,
  result,
});

function answers<S extends z.ZodType>(schema: S) {
  return z
    .preprocess(parsed, z.array(schema).max(256))
    .optional()
    .describe(
      "The calls that wait for the run's own user, with their answers; a JSON array, as text in a form.",
    );
}

const ofContinue = {
  session_id: sessionId.describe("The run's session, as AgentOS clients send it."),
  user_id: userId,
  stream: flag(false).describe(
    "Server-sent events, or the run as JSON (default) once it has paused or ended.",
  ),
};

export const ContinueRequest = z
  .object({
    tools: answers(Answer),
    ...ofContinue,
  })
  .superRefine(storable)
  .transform(({ tools, ...rest }) => ({ ...rest, answers: tools as UserAnswer[] | undefined }))
  .describe("Answers to what waits.")
  .openapi("ContinueRequest", {
    example: { tools: [{ tool_call_id: "call_1", confirmed: true }] },
  });

/** A requirement as a team's run lists it, with its answer where an AgentOS client puts it: beside the call, or in it. */
const AnsweredRequirement = z
  .object({
    id: z.string().nullish().describe("kern's identity of the call, as the requirement has it."),
    member_run_id: z.string().nullish().describe("The run of the member whose call it is."),
    confirmation: confirmed,
    confirmation_note: note,
    user_input_schema: inputs,
    external_execution_result: result,
    tool_execution: Answer.describe("The call; what is not answered beside it is read from here."),
  })
  .transform((given): UserAnswer => {
    const { id, member_run_id, tool_execution: call } = given;
    return {
      ...call,
      id,
      member_run_id,
      confirmed: given.confirmation ?? call.confirmed,
      confirmation_note: given.confirmation_note ?? call.confirmation_note,
      user_input_schema: given.user_input_schema ?? call.user_input_schema,
      result: given.external_execution_result ?? call.result,
    };
  });

export const TeamContinueRequest = z
  .object({
    requirements: answers(AnsweredRequirement),
    ...ofContinue,
  })
  .superRefine(storable)
  .transform(({ requirements, ...rest }) => ({ ...rest, answers: requirements }))
  .describe("Answers to what waits in a team's run.")
  .openapi("TeamContinueRequest", {
    example: {
      requirements: [
        {
          id: exampleTeamRun.requirements[0]?.id,
          confirmation: true,
          tool_execution: { tool_call_id: "call_1" },
        },
      ],
    },
  });

export const ResumeRequest = z
  .object({
    last_event_index: z
      .preprocess(
        (value) => (typeof value === "string" ? wholeOf(value.trim()) : value),
        z.number().int().min(-1).nullish(),
      )
      .describe("The `event_index` of the last event that was received; all are sent without it."),
    session_id: sessionId.describe("The run's session, as AgentOS clients send it."),
    user_id: userId,
  })
  .superRefine(storable)
  .describe("Where to take the events up.")
  .openapi("ResumeRequest", { example: { last_event_index: 3 } });

export const FollowQuery = z.object({
  follow: flag(false).describe("Whether the stream stays open when the run pauses, until it ends."),
});

function wholeOf(text: string): unknown {
  if (text === "") return undefined;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** A form carries an array as its JSON text. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (value.trim() === "") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
