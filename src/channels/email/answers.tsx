import { type Context, Hono } from "hono";
import { z } from "zod";
import { exactName } from "../../approval/alias.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { visible } from "../../approval/visible.ts";
import { KernError, messageOf } from "../../errors.ts";
import type { Addressee, Answered, ChannelEnv, Desk } from "../channel.ts";
import { DecidePage } from "./decide-page.tsx";
import { script } from "./decide-script.ts";
import { factsOf } from "./facts.ts";
import { type LinkClaims, verifyLink } from "./link-token.ts";
import type { Groups } from "./recipients.ts";

export interface AnswersParts {
  id: string;
  groups: Groups;
  desk: (env: Record<string, unknown>) => Desk;
}

/** What a link is for, and the address of its pages: without the approval's id. */
export function audienceOf(channelId: string, urlOf: (path: string) => string): string {
  return urlOf(`/${channelId}/decide`);
}

const Look = z.strictObject({ token: z.string().max(8_192) });
const Decide = Look.extend({
  confirmation: z.string().max(500),
  status: z.enum(["approved", "rejected"]),
  note: z.string().max(10_000).optional(),
  reason: z.string().max(255).optional(),
});

/** Where links in mails lead to. What is asked for with GET shows nothing and changes nothing. */
export function answers({ desk, groups, id }: AnswersParts): Hono<ChannelEnv> {
  const app = new Hono<ChannelEnv>();

  /** Whose link this is, and the approval that it is for; throws for any other. */
  const opened = async (c: Context<ChannelEnv>, token: string) => {
    const at = desk(c.env);
    const audience = audienceOf(id, (path) => at.urlOf(path));
    const claims = await verifyLink(c.env, token, { audience, nowMs: at.nowMs });
    if (claims === null || claims.approval !== c.req.param("approval_id")) throw invalid();
    const { by, approval } = await readAs(at, claims);
    if (approval.args_hash !== claims.args_hash) throw invalid();
    return { at, by, approval, claims };
  };

  /** Who has been taken out of a group since is in it no more. */
  const readAs = async (at: Desk, { approval: approvalId, groups: had, sub }: LinkClaims) => {
    const isIn = (group: string): boolean =>
      groups.get(group)?.some((address) => exactName(address) === sub) === true;
    const by: Addressee = { address: sub, groups: had.filter(isIn) };
    return { by, approval: approvalIn(await at.read(approvalId, by)) };
  };

  app.get("/decide.js", (c) =>
    c.text(script, 200, {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "no-cache",
    }),
  );
  app.get("/decide/:approval_id", (c) =>
    c.html(<DecidePage channelId={id} approvalId={c.req.param("approval_id")} />),
  );

  app.post("/decide/:approval_id/look", async (c) => {
    const { token } = await read(c, Look);
    const { approval, at, by } = await opened(c, token);
    return c.json(viewOf(approval, by, at.nowMs));
  });

  app.post("/decide/:approval_id", async (c) => {
    const { confirmation, note, reason, status, token } = await read(c, Decide);
    const { approval, at, by, claims } = await opened(c, token);
    if (approval.status !== "pending") throw over(approval);
    if (confirmation.trim() !== approval.tool_name)
      throw new KernError(
        "invalid_request",
        `Type the tool's name as it stands there: ${visible(approval.tool_name)}`,
      );
    const name = `${id}:${claims.jti}`;
    if (!(await at.spend(name, claims.exp * 1000)))
      throw over(approvalIn(await at.read(approval.id, by)));
    const data = {
      ...(note !== undefined && note.trim() !== "" && { note }),
      ...(reason !== undefined && reason !== "" && { reason }),
    };
    let isDone = false;
    try {
      const decision = { status, data: Object.keys(data).length === 0 ? null : data };
      const answer = await at.decide(approval.id, decision, by, claims.args_hash);
      const decided = approvalIn(answer);
      isDone = true;
      return c.json(viewOf(decided, by, at.nowMs));
    } finally {
      if (!isDone) await giveBack(at, name);
    }
  });
  return app;
}

/** Where that fails, the panel is left to decide in. */
async function giveBack(at: Desk, name: string): Promise<void> {
  try {
    await at.restore(name);
  } catch (error) {
    console.error("kern: a link that decided nothing could not be given back", messageOf(error));
  }
}

/** A body in JSON, from a page of this very origin. */
async function read<S extends z.ZodType>(c: Context<ChannelEnv>, schema: S): Promise<z.output<S>> {
  const site = c.req.header("sec-fetch-site") ?? "same-origin";
  if (c.req.header("origin") !== new URL(c.req.url).origin || site !== "same-origin")
    throw new KernError("forbidden", "This was not sent from a page of this service.");
  const [type = ""] = (c.req.header("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json")
    throw new KernError("invalid_request", "Send application/json.");
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success)
    throw new KernError("invalid_request", "The fields are not those of this form.");
  return parsed.data;
}

/** One message for whatever is wrong with a link: the log says what it is. */
function invalid(): KernError {
  return new KernError(
    "forbidden",
    "This link does not hold, or not any more. Sign in to the panel to decide there.",
  );
}

function approvalIn(answer: Answered): ApprovalRecord {
  if (answer.kind === "refused")
    throw new KernError(answer.code ?? "forbidden", visible(answer.message));
  return answer.approval;
}

function over({ resolved_by, status }: ApprovalRecord): KernError {
  const by = resolved_by === null ? "" : ` by ${visible(resolved_by)}`;
  return new KernError(
    "conflict",
    status === "pending"
      ? "This link has been used already."
      : `This approval is ${status} already${by}.`,
  );
}

/** What the page shows: plain text, whole, with everything in it spelled out that would not be seen. */
function viewOf(approval: ApprovalRecord, { address }: Addressee, nowMs: number) {
  const { policy, preview, status, tool_args, tool_name } = approval;
  return {
    tool_name: visible(tool_name),
    status,
    resolved_by: approval.resolved_by === null ? null : visible(approval.resolved_by),
    you: visible(address),
    facts: factsOf(approval, nowMs),
    preview: preview === null ? null : visible(preview),
    arguments: visible(JSON.stringify(tool_args, null, 2)),
    reasons: policy.reasons,
  };
}
