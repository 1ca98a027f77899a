import { describe, expect, test } from "vitest";
import type { DeliveryContext, Notice, NoticeType, Receipt } from "../../src/approval/notice.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { KernError } from "../../src/errors.ts";
import { approvalRecord } from "../db/rows.ts";
import { clock } from "../world.ts";

/** What every channel is asked, and a way to see what it has sent. */
export interface Subject {
  channel: Channel;
  /** What its env holds. */
  env: Record<string, unknown>;
  /** Whether it has a message for people that follows an approval, and not one for each thing that happens. */
  follows: boolean;
  /** Forgets what was sent, and has everything go well again. */
  reset: () => void;
  /** Everything that has left, as it left. */
  sent: () => string[];
  /** What of that its readers' programs would take for markup, or a call to somebody. */
  markup: () => string[];
  /** Everything that is sent from now on fails, in a way that holds this text. */
  fail: (secret: string) => void;
}

const states: [NoticeType, Partial<ApprovalRecord>][] = [
  ["approval.pending", {}],
  [
    "approval.voted",
    { votes: [{ by: "ann", status: "approved", at: 1, args_hash: "", note: null }] },
  ],
  ["approval.extended", { expires_at: 1_893_456_000 }],
  ["approval.reminded", {}],
  ["approval.escalated", {}],
  ["approval.resolved", { status: "approved", resolved_by: "ann", resolved_at: 1_793_500_000 }],
  [
    "approval.resolved",
    { status: "rejected", resolved_by: "ann", resolved_at: 1, resolution_data: { note: "no" } },
  ],
  ["approval.expired", { status: "expired", resolved_at: 1 }],
  ["approval.cancelled", { status: "cancelled", resolved_at: 1 }],
  ["approval.executed", { status: "approved", resolved_by: "ann", call_outcome: "succeeded" }],
];

/** What holds of every channel, whatever it sends and where to. */
export function channelContract({
  channel,
  env,
  fail,
  follows,
  markup,
  reset,
  sent,
}: Subject): void {
  const context = (receipt: Receipt | null): DeliveryContext => ({
    env,
    receipt,
    signal: new AbortController().signal,
    urlOf: (path) => `https://kern.example.com${path}`,
    approvers: async (service) =>
      ["U0ANN", "U0BOB"].map((user) => ({ id: `${service}:${user}`, name: user })),
    nowMs: clock.now(),
  });
  const tell = async (type: NoticeType, record: Partial<ApprovalRecord>, receipt: Receipt | null) =>
    channel.tell(noticeOf(type, record), context(receipt));
  const pendingReceipt = async (): Promise<Receipt | null> => {
    const told = await tell("approval.pending", {}, null);
    return told.kind === "sent" ? told.receipt : null;
  };

  describe(`the channel '${channel.id}'`, () => {
    test.each(states)("is told of %s", async (type, record) => {
      reset();
      const told = await tell(type, record, await pendingReceipt());
      expect(told.kind).toBe("sent");
      if (follows && told.kind === "sent") expect(told.receipt).not.toBeNull();
      expect(sent().length).toBeGreaterThan(0);
    });

    test("keeps a receipt that can be stored, and finds its message by it again", async () => {
      reset();
      const receipt = await pendingReceipt();
      expect(JSON.parse(JSON.stringify(receipt))).toEqual(receipt);
    });

    test.runIf(follows).each(states.filter(([, { status }]) => status !== undefined))(
      "sends nothing of %s where it was never told that the approval waited",
      async (type, record) => {
        reset();
        expect(await tell(type, record, null)).toEqual({ kind: "sent", receipt: null });
        expect(sent()).toEqual([]);
      },
    );

    test("is safe to be told the same twice", async () => {
      reset();
      const receipt = await pendingReceipt();
      const again = await tell("approval.pending", {}, receipt);
      expect(again).toEqual({ kind: "sent", receipt });
    });

    test("sends nothing secret: of the env, or of what nobody is shown", async () => {
      reset();
      const receipt = await pendingReceipt();
      for (const [type, record] of states) await tell(type, record, receipt);
      for (const value of Object.values(env))
        for (const secret of String(value).split(/\s+/))
          for (const text of sent()) expect(text).not.toContain(secret);
    });

    test("gives nothing that is not its own a meaning", async () => {
      reset();
      const evil =
        '<!channel> @here <https://evil.example.com|kern> *b* <b>b</b> <a href="https://evil.example.com">kern</a> [kern](https://evil.example.com) &lt; "\'\r\nBcc: eve@example.com\u202E';
      const record = {
        tool_args: { [evil]: evil },
        source_name: evil,
        user_id: evil,
        preview: evil,
        votes: [{ by: evil, status: "approved" as const, at: 1, args_hash: "", note: evil }],
      };
      const told = await tell("approval.pending", record, null);
      const receipt = told.kind === "sent" ? told.receipt : null;
      const notes = { resolution_data: { note: evil }, resolved_by: evil, resolved_at: 1 };
      await tell("approval.resolved", { ...record, ...notes, status: "rejected" }, receipt);
      expect(sent().length).toBeGreaterThan(0);
      expect(markup()).toEqual([]);
    });

    test("throws an error of kern's where it failed, without what the other side has said", async () => {
      reset();
      fail("canary-9d2e");
      const failed = await tell("approval.pending", {}, null).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(KernError);
      expect((failed as KernError).code).toBe("unavailable");
      expect(String((failed as KernError).message)).not.toContain("canary-9d2e");
      reset();
    });

    test("sends nothing where its variables are not set, and says so", async () => {
      reset();
      const told = channel.tell(noticeOf("approval.pending", {}), { ...context(null), env: {} });
      await expect(told).rejects.toThrow(/(variable|binding) [A-Z_]+ is not set/);
      expect(sent()).toEqual([]);
    });
  });
}

function noticeOf(type: NoticeType, record: Partial<ApprovalRecord>): Notice {
  const approval = approvalRecord({ id: "apr_1", ...record });
  return {
    id: `msg_${type}`,
    type,
    atMs: clock.now(),
    run: {
      run_id: approval.run_id,
      root_run_id: approval.root_run_id,
      session_id: approval.session_id,
      agent_id: approval.agent_id,
      team_id: approval.team_id,
      user_id: approval.user_id,
      requested_by: "anonymous",
      status: approval.run_status,
    },
    approval,
    callbackUrl: null,
    to: type === "approval.escalated" ? ["group:leads"] : null,
  };
}
