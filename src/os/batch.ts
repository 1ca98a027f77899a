import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApprovalRecord } from "../approval/record.ts";
import { KernError, messageOf } from "../errors.ts";
import { within } from "../run/deadline.ts";
import { Approval, Resolution } from "./approval-schemas.ts";
import { type Approvals, noDb, runsAgents } from "./approvals.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { exampleApproval } from "./examples.ts";
import { inTurn } from "./in-turn.ts";
import type { Principal } from "./principal.ts";
import { json, refusals } from "./responses.ts";

const maxDecisions = 100;
/** How many approvals are decided at the same time, and how long one may take: all of them are answered within 25 s. */
const atOnce = 20;
const decisionMs = 5_000;

/** What is wrong with one decision must not keep the others, so its own part is read when its turn comes. */
const BatchDecision = z
  .looseObject({ approval_id: z.string().describe("The approval to decide on.") })
  .describe("approval_id, and beside it what /approvals/{approval_id}/resolve takes.");

const Batch = z
  .object({
    decisions: z.array(BatchDecision).min(1).max(maxDecisions).describe("1 to 100 decisions."),
  })
  .describe("Decisions on several approvals.")
  .openapi("BatchResolution", {
    example: {
      decisions: [
        { approval_id: exampleApproval.id, status: "approved", resolved_by: "ann@example.com" },
      ],
    },
  });

const approval_id = z.string().describe("The approval that was to be decided on.");

const BatchAnswers = z
  .object({
    data: z
      .array(
        z.discriminatedUnion("ok", [
          z.object({
            approval_id,
            ok: z.literal(true).describe("It is decided so."),
            approval: Approval,
          }),
          z.object({
            approval_id,
            ok: z.literal(false).describe("It is not."),
            status: z
              .union([403, 404, 409, 422, 503].map((status) => z.literal(status)))
              .describe("What the decision would have been answered with by itself."),
            detail: z.string().describe("Why not."),
          }),
        ]),
      )
      .describe("An answer for each decision, in their order."),
  })
  .describe("What became of each decision.")
  .openapi("BatchAnswers", {
    example: {
      data: [
        {
          approval_id: exampleApproval.id,
          ok: false,
          status: 409,
          detail: "Approval is already 'rejected' and cannot be resolved",
        },
      ],
    },
  });

type Answer = z.output<typeof BatchAnswers>["data"][number];

export function batchRoutes(approvals: Approvals): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });

  app.openapi(
    createRoute({
      method: "post",
      path: "/approvals/resolve",
      operationId: "resolveApprovals",
      tags: ["Approvals"],
      summary: "Decide on several approvals",
      description:
        "Up to 100: each has an answer of its own, and none keeps another. The answers come in the order of the decisions. Those about one approval are judged one after the other. A decision " +
        "that takes longer than five seconds is answered with 503: it may have been taken, and to repeat it is safe.",
      middleware: requires("approvals:write"),
      request: { body: { content: { "application/json": { schema: Batch } }, required: true } },
      responses: {
        200: json(BatchAnswers, "An answer for each decision, in their order."),
        ...refusals(400, 401, 413, 415, {
          403: [runsAgents],
          422: [
            [
              {
                type: "too_big",
                loc: ["body", "decisions"],
                msg: "Too big: expected array to have <=100 items",
              },
            ],
          ],
          503: [noDb],
        }),
      },
    }),
    async (c) => {
      const { decisions } = c.req.valid("json");
      const data = await decideAll(decisions, async (decision) =>
        resolve(c.env, approvals, decision, c.var.principal),
      );
      return c.json({ data }, 200);
    },
  );

  return app;
}

async function resolve(
  env: Record<string, unknown>,
  approvals: Approvals,
  { approval_id, ...rest }: z.output<typeof BatchDecision>,
  principal: Principal,
): Promise<ApprovalRecord> {
  const read = Resolution.safeParse(rest);
  if (!read.success) {
    const issues = read.error.issues.map(({ message, path }) => `${path.join(".")}: ${message}`);
    throw new KernError("invalid_request", issues.join("; "));
  }
  const { resolution_data, resolved_by, status } = read.data;
  const decision = { status, data: resolution_data ?? null };
  return approvals.resolve(env, approval_id, decision, principal, resolved_by ?? null);
}

/** Decides them all; those about one approval one after the other, so that the first of them is the first. */
export async function decideAll<D extends { approval_id: string }>(
  decisions: readonly D[],
  decide: (decision: D) => Promise<ApprovalRecord>,
  limitMs = decisionMs,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const ofOne = Map.groupBy(decisions.entries(), ([, { approval_id }]) => approval_id);
  await inTurn(
    [...ofOne],
    async ([approvalId, asked]) => {
      const untilMs = Date.now() + limitMs;
      for (const [at, decision] of asked) {
        const answered = answer(approvalId, decide(decision));
        const found = await within(Math.max(0, untilMs - Date.now()), answered);
        // Nobody waits for the rest of an approval whose run does not answer, and they are not sent after it.
        const late = found === "late";
        answers[at] = late ? refused(approvalId, tooLate) : found;
        if (!late) continue;
        for (const [rest] of asked) answers[rest] ??= refused(approvalId, tooLate);
        break;
      }
    },
    atOnce,
  );
  return answers;
}

const tooLate = new KernError(
  "unavailable",
  "The run has not answered in time. It may have taken the decision: read the approval, or repeat the same decision, which is safe.",
);

async function answer(approvalId: string, decided: Promise<ApprovalRecord>): Promise<Answer> {
  try {
    return { approval_id: approvalId, ok: true, approval: await decided };
  } catch (error) {
    if (error instanceof KernError && error.status !== 500) return refused(approvalId, error);
    console.error("kern: unexpected, with a decision of a batch", messageOf(error));
    return refused(approvalId, new KernError("unavailable", "The decision could not be taken."));
  }
}

function refused(approvalId: string, { message, status }: KernError): Answer {
  return { approval_id: approvalId, ok: false, status, detail: message };
}
