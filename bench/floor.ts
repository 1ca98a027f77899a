import { DurableObject } from "cloudflare:workers";

/**
 * What an approval cycle, or taking an event, costs at least on this platform: the requests of kern's API, answered by as
 * little code as makes each step as durable. There is no gate, no check and no history here; nobody should build on it.
 */

interface Env {
  DB: D1Database;
  RUNS: DurableObjectNamespace<Run>;
  OPENAI_BASE_URL: string;
}

const watchDogMs = 10_000;
const expiryMs = 7 * 86_400_000;

export class Run extends DurableObject<Env> {
  #end: Promise<string> | null = null;

  async start(id: string, message: string): Promise<void> {
    this.ctx.storage.sql.exec("CREATE TABLE step (n INTEGER PRIMARY KEY, what TEXT NOT NULL)");
    this.#store(`{"started":${JSON.stringify(message)}}`, watchDogMs);
    const { args } = await this.#ask([{ role: "user", content: message }]);
    this.#store(`{"pending":${args}}`, expiryMs);
    await this.env.DB.prepare("INSERT INTO approvals VALUES (?, ?, 'pending', ?, ?)")
      .bind(id, id, args, Date.now())
      .run();
  }

  keep(event: string): void {
    this.ctx.storage.sql.exec("CREATE TABLE step (n INTEGER PRIMARY KEY, what TEXT NOT NULL)");
    this.#store(event);
  }

  async resolve(id: string): Promise<void> {
    this.#store(`{"approved":"bench"}`, watchDogMs);
    this.#end = this.#finish();
    await this.env.DB.prepare("UPDATE approvals SET status = 'approved' WHERE id = ?")
      .bind(id)
      .run();
  }

  async wait(): Promise<string> {
    return (await this.#end) ?? "";
  }

  override async alarm(): Promise<void> {}

  async #finish(): Promise<string> {
    this.#store(`{"result":"All data has been deleted."}`);
    const { text } = await this.#ask([{ role: "tool", content: "All data has been deleted." }]);
    this.#store(`{"ended":${JSON.stringify(text)}}`);
    return text;
  }

  #store(what: string, alarmInMs?: number): void {
    this.ctx.storage.sql.exec("INSERT INTO step (what) VALUES (?)", what);
    if (alarmInMs !== undefined) void this.ctx.storage.setAlarm(Date.now() + alarmInMs);
  }

  async #ask(messages: object[]): Promise<{ args: string; text: string }> {
    const response = await fetch(`${this.env.OPENAI_BASE_URL}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o-mini", stream: true, messages }),
    });
    let args = "";
    let text = "";
    for (const line of (await response.text()).split("\n")) {
      if (!line.startsWith("data: {")) continue;
      const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: Delta }[] };
      text += choices[0]?.delta.content ?? "";
      args += choices[0]?.delta.tool_calls?.[0]?.function.arguments ?? "";
    }
    return { args, text };
  }
}

interface Delta {
  content?: string;
  tool_calls?: { function: { arguments: string } }[];
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, room, id = "", , runId = ""] = pathname.split("/");
    if (room === "approvals" && request.method === "GET") {
      const run = searchParams.get("run_id");
      const { results } =
        run === null
          ? await env.DB.prepare(page).bind(searchParams.get("status")).all()
          : await env.DB.prepare("SELECT * FROM approvals WHERE id = ?").bind(run).all();
      return Response.json({ data: results });
    }
    if (room === "webhooks") {
      const run_id = crypto.randomUUID();
      await env.RUNS.getByName(run_id).keep(await request.text());
      return Response.json({ run_id }, { status: 202 });
    }
    const body = await request.json<{ message: string }>();
    if (room === "approvals") {
      await env.RUNS.getByName(id).resolve(id);
      return Response.json({ id, status: "approved" });
    }
    if (runId === "") {
      const run_id = crypto.randomUUID();
      await env.RUNS.getByName(run_id).start(run_id, body.message);
      return Response.json({ run_id, status: "PAUSED" });
    }
    const content = await env.RUNS.getByName(runId).wait();
    return Response.json({ run_id: runId, status: "COMPLETED", content });
  },
};

/** A page of kern's own table, by the index that is there for it. */
const page =
  "SELECT * FROM approvals WHERE status = ? ORDER BY created_at_ms DESC, id DESC LIMIT 50";
