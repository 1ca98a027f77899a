import type { Db, RunRow, Store } from "../src/run/store.ts";
import { db } from "./database.ts";
import { chunk, done, eventStream, fakeChatServer, usageChunk } from "./models/fake-chat-server.ts";

/** The clock that the runs of the tests live by: the real one, moved. */
export const clock = {
  movedMs: 0,
  now: (): number => Date.now() + clock.movedMs,
  move(ms: number): void {
    clock.movedMs += ms;
  },
};

/** What the model says at one step: text, calls (arguments as a value, or as the raw text), or a failure. */
export interface Line {
  text?: string;
  calls?: { name: string; args: unknown; id?: string }[];
  /** Answers with this instead, as a server would. */
  response?: () => Response | Promise<Response>;
}

const scripts = new Map<string, Line[]>();
let scripted = 0;

/** Gives the message that makes the model say these lines, one a step; after the last it says "Done.". */
export function script(...lines: Line[]): string {
  const message = `script ${++scripted}`;
  scripts.set(message, lines);
  return message;
}

/** OpenAI, as far as the wire goes: every request is answered by the script that its last message of a user names. */
export const chat = fakeChatServer(async ({ body }) => {
  const messages = body["messages"] as { role: string; content: string }[];
  const asked = messages.findLastIndex(({ role }) => role === "user");
  // Behind the message of a webhook's stands what came in.
  const [message = ""] = (messages[asked]?.content ?? "").split("\n\n<untrusted_data>");
  const step = messages.slice(asked).filter(({ role }) => role === "assistant").length;
  const line = scripts.get(message)?.[step] ?? { text: "Done." };
  if (line.response !== undefined) return line.response();
  return say(line, step);
});

function say({ text, calls = [] }: Line, step: number): Response {
  const events: unknown[] = [chunk({ role: "assistant", content: "" })];
  for (const word of text?.split(/(?<= )/) ?? []) events.push(chunk({ content: word }));
  for (const [index, { args, id, name }] of calls.entries()) {
    const written = typeof args === "string" ? args : JSON.stringify(args);
    const call = {
      index,
      id: id ?? `call_${step}_${index}`,
      type: "function",
      function: { name, arguments: written },
    };
    events.push(chunk({ tool_calls: [call] }));
  }
  events.push(chunk({}, calls.length > 0 ? "tool_calls" : "stop"), usageChunk(10, 5), done);
  return eventStream(events);
}

/** Every execution of a tool, as the world outside saw it. */
export const effects: {
  tool: string;
  key: string;
  args: Record<string, unknown>;
  approvalId: string | null;
  runId: string;
}[] = [];

/** What goes wrong, where a test says so; each is called in its place and may throw or wait. */
export const faults: {
  beforeProject?: ((runId: string, run: RunRow | null) => void | Promise<void>) | undefined;
  afterProject?: ((runId: string) => void | Promise<void>) | undefined;
  /** Called before the kill switch is read. */
  beforeSwitches?: (() => void | Promise<void>) | undefined;
  /** Called with a tool's name and key while it is at work, after its effect. */
  afterEffect?: ((tool: string, key: string) => unknown) | undefined;
} = {};

/**
 * Something that happens in one object and is waited for in another. It is looked for again and again, because a promise that
 * another object settles is not always heard of.
 */
export function happening(): { happens: () => void; happened: () => Promise<void> } {
  let has = false;
  return {
    happens: () => void (has = true),
    async happened() {
      while (!has) await scheduler.wait(1);
    },
  };
}

export function healAll(): void {
  faults.beforeProject = faults.afterProject = faults.afterEffect = undefined;
  faults.beforeSwitches = undefined;
}

/** The database, with a way to make it fail. */
export class FaultyDb implements Db {
  readonly id = db.id;

  connect(env: unknown): Store {
    const store = db.connect(env);
    const project: Store["project"] = async (run, approvals) => {
      const runId = run?.id ?? approvals[0]?.record.run_id ?? "";
      await faults.beforeProject?.(runId, run);
      await store.project(run, approvals);
      await faults.afterProject?.(runId);
    };
    const read: Store["switches"]["read"] = async (ids) => {
      await faults.beforeSwitches?.();
      return store.switches.read(ids);
    };
    const switches = { ...store.switches, read };
    return new Proxy(store, {
      get: (target, name) => {
        if (name === "project") return project;
        if (name === "switches") return switches;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  }
}
