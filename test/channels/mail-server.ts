import type { EmailMessage, EmailOptions } from "../../src/channels/email.ts";

/** Somebody else's service that sends mails, as far as the wire goes. */
export const mailServer: {
  received: (EmailMessage & { key: string | null })[];
  /** How it answers; 200 where a test says nothing. */
  answer: ((message: EmailMessage) => Response | undefined) | undefined;
  fetch: typeof fetch;
} = {
  received: [],
  answer: undefined,
  async fetch(input, init) {
    const request = new Request(input, init);
    const message = await request.json<EmailMessage>();
    const refusal = mailServer.answer?.(message);
    if (refusal !== undefined) return refusal;
    const key = request.headers.get("idempotency-key");
    mailServer.received.push({ ...message, key });
    return Response.json({ id: `sent-${mailServer.received.length}` });
  },
};

export const mailOptions: EmailOptions = {
  from: { name: "kern", email: "kern@example.com" },
  groups: { finance: ["fin1@example.com", "fin2@example.com"], leads: ["lead@example.com"] },
  async transport(message, { signal }) {
    const answer = await mailServer.fetch("https://mail.example.com/send", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": message.idempotencyKey },
      body: JSON.stringify(message),
      signal,
    });
    if (answer.ok) return answer.json();
    const code = answer.status === 422 ? "E_RECIPIENT_NOT_ALLOWED" : undefined;
    throw Object.assign(new Error(`The mail service answered ${answer.status}.`), { code });
  },
};

/** The Worker's binding, as far as a Worker sees it. */
export const mailBinding = {
  received: [] as Pick<EmailMessage, "html" | "subject" | "text" | "to">[],
  /** What its errors say from now on; null where it takes mails. */
  failure: null as string | null,
  async send(mail: EmailMessage): Promise<{ messageId: string }> {
    if (mailBinding.failure !== null) throw new Error(mailBinding.failure);
    return { messageId: `m-${mailBinding.received.push(mail)}` };
  },
  reset(): void {
    mailBinding.received.length = 0;
    mailBinding.failure = null;
  },
};

/** The link in a mail that decides without a sign-in; undefined where there is none. */
export function ownLink({ text }: EmailMessage): { path: string; token: string } | undefined {
  const [, path, token] = /(\/[a-z-]+\/decide\/apr_\w+)#(\S+)/.exec(text) ?? [];
  return path === undefined || token === undefined ? undefined : { path, token };
}
