import { Hono } from "hono";
import { type Channel, type ChannelEnv, KernError, visible } from "kern/channels";

/** Approvals in a Discord channel; DISCORD_BOT_TOKEN and DISCORD_PUBLIC_KEY are the Worker's variables. */
export function discord(channelId: string, send: typeof fetch = fetch): Channel {
  return {
    id: "discord",
    maxBackOffMs: 600_000,
    wants: (type) => type.startsWith("approval."),

    async tell({ approval }, { env, receipt, signal, urlOf }) {
      const { DISCORD_BOT_TOKEN: token } = env;
      if (typeof token !== "string")
        throw new KernError("unavailable", "The variable DISCORD_BOT_TOKEN is not set.");
      const isPending = approval?.status === "pending";
      if (approval === null || (receipt === null && !isPending)) return { kind: "sent", receipt };
      const { args_hash, id, resolved_by: by, status, tool_name } = approval;
      const args = JSON.stringify(approval.tool_args, null, 2);
      // In a block of code nothing is markup; a zero-width space keeps the text from ending the block.
      const text = visible(`${tool_name}: ${status}${by === null ? "" : ` by ${by}`}\n${args}`);
      const inert = text.replaceAll("`", "`\u200b");
      const isWhole = inert.length <= 1900;
      const button = (style: number, label: string, rest: object) => ({
        type: 2,
        style,
        label,
        ...rest,
      });
      const saying = (said: string) => ({ custom_id: `${said} ${id} ${args_hash.slice(0, 40)}` });
      const asks = isPending && approval.pause_type === "confirmation";
      const buttons = [
        button(5, "Look at it", { url: urlOf(`/panel/approvals/${id}`) }),
        ...(asks && isWhole ? [button(3, "Approve", saying("approved"))] : []),
        ...(asks ? [button(4, "Reject", saying("rejected"))] : []),
      ];
      const path = `${channelId}/messages${receipt === null ? "" : `/${receipt["id"]}`}`;
      const answer = await send(`https://discord.com/api/v10/channels/${path}`, {
        method: receipt === null ? "POST" : "PATCH",
        signal,
        headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          content: `\`\`\`\n${isWhole ? inert : `${inert.slice(0, 1900)}\n(not all of it)`}\n\`\`\``,
          components: [{ type: 1, components: buttons }],
          allowed_mentions: { parse: [] },
        }),
      });
      const after = answer.headers.get("retry-after");
      if (!answer.ok)
        throw new KernError("unavailable", `Discord answered ${answer.status}.`, {
          ...(after !== null && { retryAfterMs: Number(after) * 1000 }),
        });
      return { kind: "sent", receipt: { id: (await answer.json<{ id: string }>()).id } };
    },

    answers: (deskOf) =>
      new Hono<ChannelEnv>().post("/interactions", async (c) => {
        const body = await c.req.text();
        if (!(await isSigned(c.req.raw.headers, body, String(c.env["DISCORD_PUBLIC_KEY"]))))
          return c.text("Invalid signature", 401);
        const { data, member, type } = JSON.parse(body);
        if (type === 1) return c.json({ type: 1 });
        const { id, username: name } = member.user;
        const [said, approvalId, hash] = data.custom_id.split(" ");
        const status = said === "approved" ? "approved" : "rejected";
        const account = { id: `discord:${id}`, name, assurance: "slack" } as const;
        const decision = { status, data: null } as const;
        const told = await deskOf(c.env).decide(approvalId, decision, account, hash);
        const content = told.kind === "refused" ? told.message : `You have ${status} it.`;
        return c.json({ type: 4, data: { content, flags: 64 } });
      }),
  };
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
