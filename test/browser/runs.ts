import { inject, vi } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { EmailMessage } from "../../src/channels/email.ts";
import type { RunView } from "../../src/run/view.ts";
import { api, type Open } from "./browser.ts";

/** A run that waits, and its approval's id. */
export interface Paused {
  runPath: string;
  approvalId: string;
  /** The page to decide on. */
  page: string;
}

/** Starts a run that pauses; `at` is an agent or a team, such as "agents/data-manager". */
export async function paused(at: string, message: string): Promise<Paused> {
  const run = await api<RunView>(`/${at}/runs`, { message, user_id: "mia", stream: false });
  const { data } = await api<{ data: ApprovalRecord[] }>("/approvals?status=pending&limit=100");
  // A member's approval belongs to the member's run, below the team's.
  const approval = data.find(({ run_id }) => run_id === run.run_id) ?? data[0];
  if (run.status !== "PAUSED" || approval === undefined)
    throw new Error(`The run does not wait: ${JSON.stringify(run)}`);
  const { id } = approval;
  return { runPath: `/${at}/runs/${run.run_id}`, approvalId: id, page: `/panel/approvals/${id}` };
}

/** Starts a run of the scripted agent, which makes this call with exactly these arguments. */
export async function pausedAt(name: string, args: unknown): Promise<Paused> {
  return paused("agents/desk", JSON.stringify([{ name, args }]));
}

/** A run whose approved call did not answer: what came of it is asked of a person. */
export async function unknownOutcome(open: Open): Promise<Paused> {
  const run = await pausedAt("send_parcel", { order: "o-1" });
  await api(`/approvals/${run.approvalId}/resolve`, { status: "approved", resolved_by: "ann" });
  const page = await open(`/panel/runs/${run.runPath.split("/").at(-1)}`);
  const link = page.locator(`main a[href^="/panel/approvals/"]:not([href="${run.page}"])`).first();
  const path = (await link.getAttribute("href")) ?? "";
  return { runPath: run.runPath, approvalId: path.split("/").at(-1) ?? "", page: path };
}

/** A page of an approval that nobody decided on in time. */
export async function lapsed(): Promise<Paused> {
  const run = await pausedAt("send_soon", { text: "hello" });
  await api(`/approvals/${run.approvalId}/status?wait=20`);
  return run;
}

/** The mail that asks about this. */
export async function mailAbout({ approvalId }: Paused): Promise<EmailMessage> {
  return vi.waitFor(async () => {
    const { mails } = await api<{ mails: EmailMessage[] }>("/sent-mails");
    const mail = mails.find(({ text }) => text.includes(approvalId));
    if (mail === undefined) throw new Error("There is no mail yet.");
    return mail;
  });
}

/** Where every link in the mail leads to, each once. */
export function linksIn({ html, text }: EmailMessage): string[] {
  const found = `${text}\n${html}`.matchAll(/https?:\/\/[^\s"<>]+/g);
  return [...new Set([...found].map(([url]) => url))];
}

/** Waits until the run has ended. */
export async function ended({ runPath }: Pick<Paused, "runPath">): Promise<RunView> {
  await api(`${runPath}/continue`, { stream: false });
  return api<RunView>(runPath);
}

/** What the model was told of its calls. */
export function toldOf({ messages }: RunView): unknown[] {
  return messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

/** Has something come in by the webhook, and gives the page of it. */
export async function cameIn(body: object): Promise<string> {
  const answer = await fetch(`${inject("serverUrl")}/webhooks/front-desk`, {
    method: "POST",
    headers: {
      authorization: "Bearer token-of-the-front-desk",
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  // An event may be kept a moment after it was answered.
  return vi.waitFor(async () => {
    const { data } = await api<{ data: { id: string; type: string | null }[] }>("/events");
    const event = data.find(({ type }) => type === (body as { type?: string }).type);
    if (event === undefined) throw new Error(`There is no event yet (${answer.status}).`);
    return `/panel/events/${event.id}`;
  });
}
