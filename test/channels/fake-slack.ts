/** Slack, as far as the wire goes: its Web API, and the addresses that a private word is sent to. */
export interface Asked {
  method: string;
  token: string;
  params: Record<string, unknown>;
}
export interface Block {
  type: string;
  text?: Text;
  fields?: Text[];
  elements?: (Partial<Text> & Record<string, unknown>)[];
  [key: string]: unknown;
}
interface Text {
  type: string;
  text: string;
}
interface Posted {
  channel: string;
  ts: string;
  text: string;
  blocks: Block[];
  thread: string | null;
}
interface Profile {
  team_id?: string;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
  is_bot?: boolean;
  deleted?: boolean;
}

export const teamId = "T0TEAM";
/** The workspace whose members are written to one by one. */
export const directTeam = "T0DIRECT";
export const slackChannel = "C0APPROVALS";

export const slackServer: {
  asked: Asked[];
  /** What is in the channel now, in the order that it was posted in. */
  posted: Posted[];
  /** Forms that were opened. */
  opened: Record<string, unknown>[];
  /** What was said to one person alone. */
  alone: { url: string; text: string; blocks: Block[] }[];
  profiles: Map<string, Profile>;
  /** Answers a method with this instead. */
  answer:
    | ((
        method: string,
        params: Record<string, unknown>,
      ) => Response | Promise<Response> | undefined)
    | undefined;
  fetch: typeof fetch;
} = {
  asked: [],
  posted: [],
  opened: [],
  alone: [],
  profiles: new Map(),
  answer: undefined,
  async fetch(input, init) {
    const request = new Request(input, init);
    const url = new URL(request.url);
    // The platform warns of a form that is read as text.
    const body = new TextDecoder().decode(await request.arrayBuffer());
    if (url.origin === "https://hooks.slack.com") {
      const given = await slackServer.answer?.("response_url", {});
      if (given !== undefined) return given;
      const { blocks, text } = JSON.parse(body) as { blocks: Block[]; text: string };
      slackServer.alone.push({ url: url.href, text, blocks });
      return new Response("ok");
    }
    if (url.origin !== "https://slack.com") throw new TypeError("nobody is there");
    const method = url.pathname.replace("/api/", "");
    const params = paramsIn(body);
    const token = request.headers.get("authorization") ?? "";
    slackServer.asked.push({ method, token, params });
    const given = await slackServer.answer?.(method, params);
    if (given !== undefined) return given;
    if (token !== "Bearer xoxb-test") return refused("invalid_auth");
    const problem = problemIn(params);
    if (problem !== null) return refused(problem);
    return Response.json({ ok: true, ...does(method, params) });
  },
};

export function resetSlack(): void {
  slackServer.answer = undefined;
  slackServer.profiles.clear();
  for (const list of [slackServer.asked, slackServer.posted, slackServer.opened, slackServer.alone])
    list.length = 0;
}

export function refused(error: string): Response {
  return Response.json({ ok: false, error });
}

/** Every text of these blocks, as it was sent. */
export function textsOf(blocks: readonly unknown[]): Text[] {
  const found: Text[] = [];
  JSON.stringify(blocks, (_, value: unknown) => {
    const one = value as Partial<Text> | null;
    if (typeof one?.text === "string" && typeof one.type === "string") found.push(one as Text);
    return value;
  });
  return found;
}

/** What a reader sees of these blocks. */
export function readIn(blocks: readonly unknown[]): string {
  const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
  return textsOf(blocks)
    .map(({ text }) => text.replaceAll(/&(amp|lt|gt);/g, (entity) => entities[entity] ?? ""))
    .join("\n");
}

/** What Slack would take for markup: control sequences of any text, and whatever else of a text that may be marked up. */
export function markupIn({ blocks, text }: { blocks: readonly unknown[]; text: string }): string[] {
  const all = [...textsOf(blocks), { type: "plain_text", text }];
  return all.flatMap((one) => {
    const rest = one.text.replaceAll(
      /<!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-0-9: UTC]+>/g,
      "",
    );
    return (
      rest.match(
        one.type === "mrkdwn" ? /[<>*_~`]|&(?!(amp|lt|gt);)|@\w+/g : /[<>]|&(?!(amp|lt|gt);)/g,
      ) ?? []
    );
  });
}

let posts = 0;

function does(method: string, params: Record<string, unknown>): object {
  switch (method) {
    case "chat.postMessage": {
      const ts = `1700000000.${String(++posts).padStart(6, "0")}`;
      const {
        blocks,
        channel,
        text,
        thread_ts: thread = null,
      } = params as unknown as Posted & {
        thread_ts?: string;
      };
      // Who writes to a member is told which conversation that is, and finds the message there alone.
      const place = channel.replace(/^[UW]/, "D");
      slackServer.posted.push({ channel: place, ts, text, blocks, thread });
      return { channel: place, ts };
    }
    case "chat.update": {
      const found = slackServer.posted.find(
        ({ channel, ts }) => ts === params["ts"] && channel === params["channel"],
      );
      if (found === undefined) return { ok: false, error: "message_not_found" };
      Object.assign(found, { text: params["text"], blocks: params["blocks"] });
      return { channel: found.channel, ts: found.ts };
    }
    case "users.info": {
      const id = String(params["user"]);
      return { user: { id, team_id: teamId, ...slackServer.profiles.get(id) } };
    }
    case "views.open":
    case "views.update":
      slackServer.opened.push(params["view"] as Record<string, unknown>);
      return {};
    case "chat.postEphemeral": {
      const { blocks, text } = params as unknown as Posted;
      slackServer.alone.push({ url: "chat.postEphemeral", text, blocks });
      return {};
    }
    default:
      return { ok: false, error: "unknown_method" };
  }
}

function paramsIn(body: string): Record<string, unknown> {
  const pairs = [...new URLSearchParams(body)].map(([name, value]) => [
    name,
    /^[[{]/.test(value) && ["blocks", "view"].includes(name)
      ? (JSON.parse(value) as unknown)
      : value,
  ]);
  return Object.fromEntries(pairs) as Record<string, unknown>;
}

/** What Slack does not take: its documented limits. */
function problemIn(params: Record<string, unknown>): string | null {
  const view = params["view"] as
    | { blocks: Block[]; title: Text; private_metadata?: string }
    | undefined;
  const blocks = (view?.blocks ?? params["blocks"] ?? []) as Block[];
  if (blocks.length > (view === undefined ? 50 : 100)) return "invalid_blocks";
  if ((view?.title.text.length ?? 0) > 24) return "invalid_arguments";
  if ((view?.private_metadata?.length ?? 0) > 3000) return "invalid_arguments";
  for (const { element, elements = [], fields = [], hint, label, text, type } of blocks) {
    const most = type === "header" ? 150 : 3000;
    if (text !== undefined && (text.text.length < 1 || text.text.length > most))
      return "invalid_blocks";
    if (fields.length > 10 || fields.some(({ text }) => text.length < 1 || text.length > 2000))
      return "invalid_blocks";
    for (const words of [label, hint] as (Text | undefined)[])
      if (words !== undefined && (words.text.length < 1 || words.text.length > 2000))
        return "invalid_blocks";
    const { initial_value: value = "", options = [] } = (element ?? {}) as {
      initial_value?: string;
      options?: { text: Text; value: string }[];
    };
    if (value.length > 3000 || options.length > 100) return "invalid_blocks";
    if (options.some(({ text, value }) => text.text.length > 75 || value.length > 150))
      return "invalid_blocks";
    if (
      type === "actions" &&
      elements.some(({ value }) => JSON.stringify(value ?? "").length > 2002)
    )
      return "invalid_blocks";
  }
  return null;
}
