import { Hono } from "hono";
import { KernError } from "../../errors.ts";
import { isSignedSlack } from "../../signing/slack.ts";
import type { ChannelEnv, Desk } from "../channel.ts";
import type { SlackClient } from "./client.ts";
import { handle, type Reply } from "./handle.ts";
import { type Payload, readPayload } from "./payload.ts";
import { sayAlone, sayLate } from "./say.ts";
import { wordView } from "./views.ts";
import type { Workspace } from "./visitor.ts";

/** What answering takes. */
export interface Connection {
  client: SlackClient;
  /** Any of which may have signed what comes in. */
  secrets: readonly string[];
  send: typeof fetch;
  signal: AbortSignal;
  workspace: Workspace;
  /** Where words may be sent to that are for one person alone. */
  hookOrigins: readonly string[];
}

type Connect = (
  env: Record<string, unknown>,
  at: { nowMs: number; signal: AbortSignal },
) => Connection;

/** More than this Slack does not send of a message of ours and what was typed. */
const maxBytes = 512 * 1024;
/** Slack waits for three seconds; what takes longer goes on without it. */
const ackMs = 1_500;
const workMs = 10_000;

/** Where Slack tells of buttons that were pressed and of forms that were sent. What it has not signed leaves no trace. */
export function interactions(
  deskOf: (env: Record<string, unknown>) => Desk,
  connect: Connect,
): Hono<ChannelEnv> {
  const app = new Hono<ChannelEnv>();

  app.post("/interactions", async (c) => {
    const desk = deskOf(c.env);
    const { nowMs } = desk;
    const connection = connect(c.env, { nowMs, signal: AbortSignal.timeout(workMs) });
    const body = await bytesOf(c.req.raw);
    const given = {
      signature: c.req.header("x-slack-signature"),
      timestamp: c.req.header("x-slack-request-timestamp"),
    };
    if (body === null || !isSignedSlack(body, given, connection.secrets, nowMs)) throw refused();
    const payload = readPayload(body);
    if (payload === null) throw refused();
    if (payload === "other") return c.body(null, 200);

    const work = replyTo(payload, connection, desk);
    const reply = await within(work, ackMs);
    if (payload.type !== "view_submission") {
      const rest = work.then(async (reply) => sayAlone(payload, reply, connection));
      c.executionCtx.waitUntil(rest.catch(report));
      // In time, what is said is sent before the answer: then whoever waits for it need not.
      if (reply !== null) await within(rest.catch(report), ackMs / 2);
      return c.body(null, 200);
    }
    if (reply === null) {
      const external_id = `late-${crypto.randomUUID()}`;
      const rest = work.then(async (reply) => sayLate(external_id, reply, connection));
      c.executionCtx.waitUntil(rest.catch(report));
      const view = { ...wordView("This takes longer than usual. It goes on."), external_id };
      return c.json({ response_action: "push", view });
    }
    switch (reply.kind) {
      case "done":
        return c.body(null, 200);
      case "errors":
        return c.json({ response_action: "errors", errors: reply.errors });
      case "word":
        // On top of the form: whoever goes back finds what they have typed.
        return c.json({ response_action: "push", view: wordView(reply.text) });
    }
  });

  return app;
}

async function replyTo(payload: Payload, connection: Connection, desk: Desk): Promise<Reply> {
  try {
    return await handle(payload, { ...connection, desk });
  } catch (error) {
    report(error);
    const text = "Something went wrong on our side. Look at the approval in the panel.";
    return { kind: "word", text, offersLink: false };
  }
}

/** Null where there is more than Slack sends. */
async function bytesOf(request: Request): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.byteLength;
    if (length > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** What comes of it in this time; null where it takes longer. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The reason is nobody's business who has no secret. */
function refused(): KernError {
  return new KernError("unauthorized", "The request is not signed as it should be.");
}

function report(error: unknown): void {
  console.error("kern: a word to somebody in Slack could not be said", error);
}
