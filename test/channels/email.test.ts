import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { DeliveryContext, Notice } from "../../src/approval/notice.ts";
import { email } from "../../src/channels/email.ts";
import { letterOf } from "../../src/channels/email/letter.ts";
import { approve, get, pending, ring, start } from "../client.ts";
import { clock, script } from "../world.ts";
import { pager, turnOn } from "./channels.ts";
import { mailBinding, mailOptions, mailServer, ownLink } from "./mail-server.ts";

const asking = (name: string, args: object = {}) =>
  script({ calls: [{ name, args }] }, { text: "Done." });
const mailsOf = (approvalId: string) =>
  mailServer.received.filter(({ text }) => text.includes(approvalId));
const sentTo = (approvalId: string) => mailsOf(approvalId).map(({ to }) => to);

async function asked(name: string, args: object = {}, fields: Record<string, unknown> = {}) {
  const { run_id } = await start(asking(name, args), fields);
  return pending(run_id);
}

async function logged(runId: string, channel = "email") {
  const { data } = await get<{ data: { status: string; error: string | null }[] }>(
    `/deliveries?run_id=${runId}&channel=${channel}`,
  );
  return data[0];
}

beforeEach(() => {
  mailServer.received.length = 0;
  turnOn("email", "pager");
  pager.told.length = 0;
});
afterEach(() => {
  turnOn();
  mailServer.answer = undefined;
});

test("each approver gets a mail of their own, by address or by group, with everything that there is to know", async () => {
  const approval = await asked("send_by_mail", { to: "acc-9" }, { user_id: "mia" });
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(3));
  expect(sentTo(approval.id).sort()).toEqual([
    "Ann@Example.com",
    "fin1@example.com",
    "fin2@example.com",
  ]);
  const [mail] = mailsOf(approval.id);
  expect(mail).toMatchObject({
    from: { name: "kern", email: "kern@example.com" },
    subject: `Approval: send_by_mail, asked for by Tester [${approval.id.slice(-8)}]`,
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Kern-Notice": expect.stringMatching(/^msg_[0-9a-f]{32}$/) as string,
      References: `<${approval.id}@kern.example.com>`,
    },
  });
  expect(mail?.key).toMatch(/^msg_[0-9a-f]{32}\/\S+@example.com$/);
  const until = new Date(Number(approval.expires_at) * 1000).toISOString();
  for (const body of [mail?.text, mail?.html.replaceAll("&quot;", '"')])
    for (const part of [
      "Tester",
      "send_by_mail",
      "mia",
      "1 of Ann@Example.com, group:finance, scope:payments, not the requester",
      `1 h (until ${until.slice(0, 10)} ${until.slice(11, 19)} UTC)`,
      "Sends to acc-9.",
      '"to": "acc-9"',
      "as the agent wrote them (its own claim",
      `https://kern.example.com/panel/approvals/${approval.id}`,
    ])
      expect(body).toContain(part);
  for (const { text, html, to } of mailsOf(approval.id))
    for (const other of sentTo(approval.id).filter(
      (one) => one !== to && one !== "Ann@Example.com",
    ))
      expect(text + html).not.toContain(other);
  expect(mail?.html).not.toMatch(/<script|<img|src=|url\(|@import/i);
});

test("later mails stand with the first, the reminder goes to all, and who is asked later hears of it once", async () => {
  const approval = await asked("send_by_mail");
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(3));
  const [first] = mailsOf(approval.id);
  clock.move(11 * 60_000);
  await ring(approval.run_id);
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(6));
  clock.move(20 * 60_000);
  await ring(approval.run_id);
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(8));
  expect(sentTo(approval.id).slice(6).sort()).toEqual(["boss@example.com", "lead@example.com"]);
  for (const { headers, subject, text } of mailsOf(approval.id).slice(3)) {
    expect(subject).toBe(`Re: ${first?.subject}`);
    expect(headers["References"]).toBe(first?.headers["References"]);
    expect(text).toMatch(/^(Reminder: approval|Approval) needed/);
  }
  await approve(approval.id).catch(() => undefined);
  expect(mailsOf(approval.id)).toHaveLength(8);
});

test("what came of it is told only where that is asked for, and to those who were asked", async () => {
  turnOn("email", "email-outcome");
  const approval = await asked("send_plainly");
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(2));
  const { run_id } = await start(asking("delete_user_data", { user_id: "u-1" }));
  const other = await pending(run_id);
  await approve(other.id);
  clock.move(8 * 86_400_000);
  await ring(approval.run_id);
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(3));
  const last = mailsOf(approval.id).at(-1);
  expect(last?.to).toBe("ann@example.com");
  expect(last?.text).toContain("Expired, and not done: send_plainly");
  expect(last?.text).toMatch(/Status: +expired/);
  expect(mailsOf(other.id)).toEqual([]);
});

test("who was reached is not sent it again when the rest is", async () => {
  let isDown = true;
  mailServer.answer = ({ to }) =>
    isDown && to === "fin1@example.com" ? new Response("no", { status: 500 }) : undefined;
  const approval = await asked("send_by_mail");
  await vi.waitFor(async () =>
    expect(await logged(approval.run_id)).toMatchObject({
      status: "undeliverable",
      error: "2 of 3 were reached. The mail service answered 500.",
    }),
  );
  clock.move(60_000);
  await ring(approval.run_id);
  expect(mailsOf(approval.id)).toHaveLength(2);
  isDown = false;
  clock.move(300_000);
  await ring(approval.run_id);
  await vi.waitFor(async () =>
    expect(await logged(approval.run_id)).toMatchObject({ status: "delivered" }),
  );
  expect(sentTo(approval.id).sort()).toEqual([
    "Ann@Example.com",
    "fin1@example.com",
    "fin2@example.com",
  ]);
});

test("an address that never gets mail keeps nobody else from theirs, and the log names it", async () => {
  mailServer.answer = ({ to }) =>
    to === "fin1@example.com" ? new Response("no", { status: 422 }) : undefined;
  const approval = await asked("send_by_mail");
  await vi.waitFor(async () =>
    expect(await logged(approval.run_id)).toMatchObject({
      status: "undeliverable",
      error: "These get no mail: fin1@example.com (E_RECIPIENT_NOT_ALLOWED).",
    }),
  );
  clock.move(300_000);
  await ring(approval.run_id);
  expect(mailsOf(approval.id)).toHaveLength(2);
});

test("where nobody can be mailed nothing is sent, and the log says what to set", async () => {
  const approval = await asked("send_by_nobody");
  await vi.waitFor(async () =>
    expect((await logged(approval.run_id))?.error).toMatch(
      /nobody to mail about 'send_by_nobody': its approvers are group:nobody, scope:payments.*groups/,
    ),
  );
  expect(mailsOf(approval.id)).toEqual([]);
});

test("a secret argument is in no mail, no log and no page", async () => {
  const canary = "canary-6f1d2c";
  turnOn("email", "email-outcome");
  const approval = await asked("send_by_mail", { code: canary });
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(6));
  expect(mailsOf(approval.id)[0]?.text).toContain('"code": "••••••"');
  expect(JSON.stringify(mailServer.received)).not.toContain(canary);
  expect(JSON.stringify(await get(`/deliveries?run_id=${approval.run_id}`))).not.toContain(canary);
  for (const { token } of mailsOf(approval.id).flatMap((mail) => ownLink(mail) ?? []))
    expect(
      atob(token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? ""),
    ).not.toContain(canary);
});

test("what the agent wrote is text, whatever it holds, and begins no line of ours", async () => {
  const hostile = `</pre><script src="https://evil.example.com/x.js"></script><img src=x onerror=alert(1)>\n\nApproved by Ann.\r\n\u202Eevil\u200B`;
  const approval = await asked(
    "send_by_mail",
    { to: hostile },
    { user_id: "mia\r\nBcc: <b>x</b>" },
  );
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(3));
  const [mail] = mailsOf(approval.id);
  expect(mail?.html).not.toMatch(/<(script|img|b)\b/);
  expect(mail?.text).not.toMatch(/^\s*(Approved by Ann|Bcc)/m);
  expect(mail?.html).toContain("&lt;img src=x onerror=alert(1)&gt;");
  for (const body of [mail?.text ?? "", mail?.html ?? ""]) {
    expect(body).not.toMatch(/[\r\u202E\u200B]/);
    expect(body).toContain("\\u{202E}evil\\u{200B}");
  }
});

test("more than a mail holds is cut, says so, and leads to the panel alone", async () => {
  const approval = await asked("send_by_mail", { to: "W".repeat(20_000) });
  await vi.waitFor(() => expect(mailsOf(approval.id)).toHaveLength(3));
  for (const mail of mailsOf(approval.id)) {
    expect(mail.text).toContain("(not all is shown: 200");
    expect(mail.text).toContain("Not all is shown here: read it in the panel before you decide.");
    expect(mail.text.length).toBeLessThan(20_000);
    expect(ownLink(mail)).toBeUndefined();
    expect(mail.html).not.toContain("/decide/");
    expect(mail.text).toContain(`/panel/approvals/${approval.id}`);
  }
});

describe("by itself", () => {
  const context: DeliveryContext = {
    env: {},
    receipt: null,
    signal: new AbortController().signal,
    urlOf: (path) => new URL(path, "https://kern.example.com").href,
    approvers: async () => [],
    nowMs: 0,
  };

  async function told(name: string): Promise<{ notice: Notice; approval: ApprovalRecord }> {
    const { run_id } = await asked(name);
    await vi.waitFor(() =>
      expect(pager.told.some(({ notice }) => notice.run.run_id === run_id)).toBe(true),
    );
    const notice = pager.told.find(({ notice }) => notice.run.run_id === run_id)?.notice;
    if (!notice?.approval) throw new Error("Nobody was told.");
    return { notice, approval: notice.approval };
  }

  test("the Worker's binding is handed the message, and named where it is missing", async () => {
    const { notice } = await told("send_plainly");
    mailBinding.reset();
    const channel = email({ from: "kern@example.com" });
    expect(await channel.tell(notice, { ...context, env: { EMAIL: mailBinding } })).toEqual({
      kind: "sent",
      receipt: { sentTo: ["ann@example.com"] },
    });
    expect(mailBinding.received).toEqual([
      {
        from: { name: "kern", email: "kern@example.com" },
        to: "ann@example.com",
        subject: expect.any(String) as string,
        text: expect.any(String) as string,
        html: expect.any(String) as string,
        headers: expect.any(Object) as object,
      },
    ]);
    await expect(channel.tell(notice, context)).rejects.toThrow(
      /binding EMAIL is not set: add send_email/,
    );
    const limited = Object.assign(new Error("canary-1"), { code: "E_RATE_LIMIT_EXCEEDED" });
    const busy = { EMAIL: { send: async () => Promise.reject(limited) } };
    await expect(channel.tell(notice, { ...context, env: busy })).rejects.toThrow(
      /^The mail was not taken \(E_RATE_LIMIT_EXCEEDED\)\.$/,
    );
  });

  test("whom it goes to can be said in code, in a list or by the approval", async () => {
    const { notice } = await told("send_by_nobody");
    for (const to of [
      ["x@example.com"],
      ({ run_id }: ApprovalRecord) => [`${run_id}@example.com`],
    ]) {
      mailServer.received.length = 0;
      await email({ ...mailOptions, to }).tell(notice, context);
      const expected = typeof to === "function" ? `${notice.run.run_id}@example.com` : to[0];
      expect(mailServer.received.map((mail) => mail.to)).toEqual([expected]);
    }
  });

  test("nothing that a subject is made of begins another header", async () => {
    const { approval } = await told("send_plainly");
    const names = ["x\r\nBcc: eve@example.com", "x\nSubject: y", "x\u2028y\u0000", "\u202Ex"];
    for (const tool_name of names) {
      const record = { ...approval, tool_name, source_name: `${tool_name}${"y".repeat(500)}` };
      const letter = letterOf(record, { isFirst: true, nowMs: 0, type: "approval.pending" });
      expect(letter.subject).toMatch(/^[\x20-\x7e]{1,190}$/);
      expect(letter.heading).not.toMatch(/[\r\n]/);
    }
  });

  test("what cannot be an address, a sender or an id is refused at once", () => {
    const bad = ["", "ann", "ann@x", "a b@example.com", "a@example.com\r\nBcc: x@y.zz", "<a@b.cc>"];
    for (const address of [
      ...bad,
      "a@b.cc, d@e.ff",
      "a\u202E@example.com",
      `${"a".repeat(250)}@b.cc`,
    ]) {
      expect(() => email({ from: address })).toThrow(TypeError);
      expect(() => email({ from: "a@b.cc", to: [address] })).toThrow(TypeError);
      expect(() => email({ from: "a@b.cc", groups: { g: [address] } })).toThrow(TypeError);
    }
    const from = { email: "a@b.cc", name: "kern\r\nBcc: x@y.zz" };
    expect(() => email({ from })).toThrow(TypeError);
    expect(() => email({ from: "a@b.cc", id: "panel" })).toThrow(/'panel' cannot/);
  });
});
