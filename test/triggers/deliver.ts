import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { ask } from "../client.ts";
import { clock } from "../world.ts";

/** What a sender is answered. */
export interface Answer {
  status: number;
  run_id?: string;
  event_id?: string;
  session_id?: string;
  detail?: unknown;
  text: string;
}

const standard = new Webhook(`whsec_${btoa("i".repeat(32))}`);
const githubSecret = "secret-of-github-now";
const token = "token-of-16-or-more";

/** Posts to a webhook what is signed, with what proves it. */
export async function post(
  id: string,
  body: string,
  headers: Record<string, string>,
): Promise<Answer> {
  const response = await ask("POST", `/webhooks/${id}`, undefined, headers, body);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return { ...(isJson && (JSON.parse(text) as object)), status: response.status, text };
}

export async function byGitHub(
  sent: object,
  { event = "issues", id = "hub" } = {},
): Promise<Answer> {
  const body = JSON.stringify(sent);
  const signature = createHmac("sha256", githubSecret).update(body).digest("hex");
  return post(id, body, {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": `sha256=${signature}`,
  });
}

export async function byStandard(
  eventId: string,
  sent: object,
  atMs = clock.now(),
): Promise<Answer> {
  const body = JSON.stringify(sent);
  const at = new Date(atMs);
  return post("orders", body, {
    "content-type": "application/json",
    "webhook-id": eventId,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": standard.sign(eventId, at, body),
  });
}

export async function byToken(
  sent: object | string,
  { headers = {}, id = "token" }: { headers?: Record<string, string>; id?: string } = {},
): Promise<Answer> {
  const body = typeof sent === "string" ? sent : JSON.stringify(sent);
  const proof = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return post(id, body, { ...proof, ...headers });
}
