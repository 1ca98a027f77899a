import type { DeliveryContext, Notice, Receipt, Told } from "../approval/notice.ts";
import type { Channel } from "../channels/channel.ts";
import { KernError, messageOf } from "../errors.ts";
import type { DeliveryRow } from "../run/channel-store.ts";
import type { Db } from "../run/store.ts";
import { approversIn } from "./approvers.ts";
import type { Links } from "./links.ts";
import { readSettings } from "./settings.ts";

export interface NotifierParts {
  channels: readonly Channel[];
  db: Db | null;
  links: Links;
  /** Where people reach this service, where code says so; the variable KERN_URL says it otherwise. */
  url: string | null;
  now: () => number;
}

export type Notify = (
  env: unknown,
  channelId: string,
  notice: Notice,
  told: { receipt: Receipt | null; signal: AbortSignal },
) => Promise<Told>;

/** Tells channels what the runs have to tell, keeps a log of it, and closes the channel where nobody is there any more. */
export function notifier({ channels, db, links, now, url }: NotifierParts): Notify {
  const byId = new Map(channels.map((channel) => [channel.id, channel]));
  return async (given, channelId, notice, told) => {
    const env = given as Record<string, unknown>;
    const channel = byId.get(channelId);
    if (channel === undefined) return { kind: "gone", reason: "This channel is not configured." };
    if (channel.concerns?.(notice) === false) return { kind: "sent", receipt: told.receipt };
    const closed = await closedReason(env, channelId);
    if (closed !== null) return { kind: "gone", reason: closed };
    const log = async (status: DeliveryRow["status"], error: string | null): Promise<void> =>
      note(env, {
        id: notice.id,
        channel: channelId,
        type: notice.type,
        run_id: notice.run.run_id,
        approval_id: notice.approval?.id ?? null,
        status,
        error,
        created_at_ms: notice.atMs,
        updated_at_ms: now(),
      });
    try {
      const urlOf = addressing(env, url);
      const { approval } = notice;
      const approvers: DeliveryContext["approvers"] = async (service) =>
        approval === null ? [] : approversIn(await links.list(env, `${service}:`), approval);
      const context = { ...told, env, urlOf, approvers, nowMs: now() };
      const answer = await channel.tell(notice, context);
      if (answer.kind === "gone") {
        await db?.connect(env).channels.close({
          id: channelId,
          closed_at_ms: now(),
          reason: answer.reason,
        });
      }
      const reason = reasonOf(answer);
      const status = reason === null ? "delivered" : "undeliverable";
      await log(answer.kind === "gone" ? "gone" : status, reason);
      return answer;
    } catch (error) {
      await log("failed", messageOf(error).slice(0, 500));
      throw error;
    }
  };

  /** A database that cannot be asked keeps nobody from being told. */
  async function closedReason(env: unknown, id: string): Promise<string | null> {
    try {
      const rows = (await db?.connect(env).channels.closed()) ?? [];
      return rows.find((row) => row.id === id)?.reason ?? null;
    } catch {
      return null;
    }
  }

  async function note(env: unknown, row: Omit<DeliveryRow, "attempts">): Promise<void> {
    try {
      await db?.connect(env).deliveries.note(row);
    } catch (error) {
      console.error("kern: a delivery could not be logged", row.id, messageOf(error));
    }
  }
}

function reasonOf(told: Told): string | null {
  return told.kind === "sent" ? (told.problem ?? null) : told.reason;
}

/** How links into the panel are made; throws `unavailable` where nobody has said where it is. */
export function addressing(env: unknown, url: string | null): (path: string) => string {
  const origin = url ?? readSettings(env).url;
  return (path) => {
    if (origin === null)
      throw new KernError(
        "unavailable",
        "Messages need to link to this service: set the variable KERN_URL to its address, such as https://kern.example.com",
      );
    return new URL(path, origin).href;
  };
}
