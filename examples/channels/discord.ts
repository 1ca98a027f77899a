import { Hono } from "hono";
import { type Channel, KernError, visible } from "kern/channels";

const yes = { type: 2, style: 3, label: "Approve" };
const no = { type: 2, style: 4, label: "Reject" };
const [maxLength, privately] = [1500, 64];

/** Approvals in a Discord channel: DISCORD_BOT_TOKEN and DISCORD_PUBLIC_KEY are variables of the Worker's. */
export function discord(channelId: string, send: typeof fetch = fetch): Channel {
  return {
    id: "discord",
    maxBackOffMs: 10 * 60_000,
    wants: (type) => type.startsWith("approval."),

    async tell({ approval }, { env, receipt, signal, urlOf }) {
      if (approval === null || (receipt === null && approval.status !== "pending"))
        return { kind: "sent", receipt };
      const token = env["DISCORD_BOT_TOKEN"];
      if (typeof token !== "string")
        throw new KernError("unavailable", "The variable DISCORD_BOT_TOKEN is not set.");
      const { args_hash, id, resolved_by, status, tool_name } = approval;
      // All of it stands in a block of code, where nothing is markup; a zero-width space keeps it from ending the block.
      const args = inert(JSON.stringify(approval.tool_args, null, 2));
      const isWhole = args.length <= maxLength;
      const shown = isWhole ? args : `${args.slice(0, maxLength)}\n(not all of it)`;
      const head = `${inert(tool_name)}: ${status}${resolved_by === null ? "" : ` by ${inert(resolved_by)}`}`;
      const asks = status === "pending" && approval.pause_type === "confirmation";
      const buttons = [
        { type: 2, style: 5, label: "Look at it", url: urlOf(`/panel/approvals/${id}`) },
        ...(asks && isWhole
          ? [{ ...yes, custom_id: `approved ${id} ${args_hash.slice(0, 40)}` }]
          : []),
        ...(asks ? [{ ...no, custom_id: `rejected ${id} ${args_hash.slice(0, 40)}` }] : []),
      ];
      const path = `/channels/${channelId}/messages${receipt === null ? "" : `/${receipt["id"]}`}`;
      const answer = await send(`https://discord.com/api/v10${path}`, {
        method: receipt === null ? "POST" : "PATCH",
        signal,
        headers: {
          authorization: `Bot ${token}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({
          content: `\`\`\`\n${head}\n\n${shown}\n\`\`\``,
          components: [{ type: 1, components: buttons }],
          allowed_mentions: { parse: [] },
        }),
      });
      if (!answer.ok) {
        const retryAfterMs = Number(answer.headers.get("retry-after") ?? 0) * 1000;
        throw new KernError("unavailable", `Discord answered ${answer.status}.`, { retryAfterMs });
      }
      return { kind: "sent", receipt: { id: (await answer.json<{ id: string }>()).id } };
    },

    answers: (deskOf) =>
      new Hono<{ Bindings: Record<string, unknown> }>().post("/interactions", async (c) => {
        const body = await c.req.text();
        if (!(await isSigned(c.req.raw.headers, body, String(c.env["DISCORD_PUBLIC_KEY"]))))
          return c.text("Invalid signature", 401);
        const { data, member, type } = JSON.parse(body) as Interaction;
        if (type === 1) return c.json({ type: 1 });
        const { id, username: name } = member.user;
        const account = { id: `discord:${id}`, name, assurance: "slack" } as const;
        const [said, approvalId = "", hash = ""] = data.custom_id.split(" ");
        const status = said === "approved" ? "approved" : "rejected";
        const desk = deskOf(c.env);
        const told = await desk.decide(approvalId, { status, data: null }, account, hash);
        const content = told.kind === "refused" ? told.message : `You have ${status} it.`;
        return c.json({ type: 4, data: { content, flags: privately } });
      }),
  };
}

function inert(text: string): string {
  return visible(text).replaceAll("`", "`\u200b");
}

/** What of Discord's word is needed here. */
interface Interaction {
  type: number;
  data: { custom_id: string };
  member: { user: { id: string; username: string } };
}

/** Discord signs the time and the body (Ed25519); what is older than five minutes may be a copy. */
async function isSigned(headers: Headers, body: string, publicKey: string): Promise<boolean> {
  const at = headers.get("x-signature-timestamp") ?? "";
  const signature = Buffer.from(headers.get("x-signature-ed25519") ?? "", "hex");
  if (!/^\d{1,12}$/.test(at) || Math.abs(Date.now() / 1000 - Number(at)) > 300) return false;
  const raw = Buffer.from(publicKey, "hex");
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, signature, new TextEncoder().encode(at + body));
}
