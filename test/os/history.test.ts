import { afterEach, expect, test } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { pending, start } from "../client.ts";
import { chat, faults, healAll, script } from "../world.ts";
import { http, json, unique } from "./http.ts";

afterEach(healAll);

interface Told {
  role: string;
  content: string | null;
}

/** What the model was told at each step of the run that a message started, as role and text. */
function told(message: string): string[][] {
  return chat.requests
    .map(({ body }) => body["messages"] as Told[])
    .filter((messages) => messages.findLast(({ role }) => role === "user")?.content === message)
    .map((messages) => messages.map(({ content, role }) => `${role}: ${content ?? ""}`));
}

const user_id = "ann";
const say = async (session_id: string, text: string, fields = {}, agent = "short") => {
  const message = script({ text });
  await start(message, { session_id, user_id, ...fields }, agent);
  return message;
};

test("the model is shown the last runs of the session, as many as the agent says, before the message", async () => {
  const session = unique("s");
  const messages = [];
  for (const text of ["one", "two", "three"]) messages.push(await say(session, text));
  const [first = "", second = "", third = ""] = messages;
  expect(told(first)).toEqual([[`user: ${first}`]]);
  expect(told(second)).toEqual([[`user: ${first}`, "assistant: one", `user: ${second}`]]);
  const last = await start("and now?", { session_id: session, user_id }, "short");
  expect(told("and now?")).toEqual([
    [`user: ${second}`, "assistant: two", `user: ${third}`, "assistant: three", "user: and now?"],
  ]);
  expect(last.messages.map(({ content }) => content)).toEqual(["and now?", "Done."]);
});

test("an agent that does not ask for a history is shown none", async () => {
  const session = unique("s");
  await say(session, "one", {}, "tester");
  const second = await say(session, "two", {}, "tester");
  expect(told(second)).toEqual([["system: You test.", `user: ${second}`]]);
});

test("the history holds what this agent has completed, and nothing of other agents, users, sessions or lives", async () => {
  const session = unique("s");
  const ours = await say(session, "ours");
  await say(session, "another agent's", {}, "tester");
  await say(unique("s"), "another session's");
  await start(
    script({ response: () => new Response("no", { status: 400 }) }),
    { session_id: session, user_id },
    "short",
  );
  const calls = [{ name: "delete_user_data", args: { user_id: "u" } }];
  const waiting = await start(script({ calls }), { session_id: session, user_id });
  await pending(waiting.run_id);
  const other = await http(
    "POST",
    "/agents/short/runs",
    json({ message: "Tell me hers.", session_id: session, user_id: "bob", stream: false }),
  );
  expect(other.status).toBe(404);
  expect(told("Tell me hers.")).toEqual([]);
  const next = await say(session, "next");
  expect(told(next)).toEqual([[`user: ${ours}`, "assistant: ours", `user: ${next}`]]);

  expect((await http("DELETE", `/sessions/${session}`)).status).toBe(204);
  const anew = await say(session, "anew", { user_id: "bob" });
  expect(told(anew)).toEqual([[`user: ${anew}`]]);
});

test("a run keeps the history that it began with, whatever is completed or deleted meanwhile", async () => {
  const session = unique("s");
  const first = await say(session, "one");
  let meanwhile = "";
  faults.afterEffect = async (name) => {
    if (name !== "look_up") return;
    meanwhile = await say(session, "meanwhile");
    await http("DELETE", `/sessions/${session}`);
  };
  const message = script({ calls: [{ name: "look_up", args: { user_id: "u" } }] }, { text: "two" });
  const fields = { message, session_id: session, user_id, stream: false };
  const key = { "idempotency-key": unique("key") };
  const post = async () =>
    (await http("POST", "/agents/short/runs", json(fields, key))).json<RunView>();
  const run = await post();
  const before = [`user: ${first}`, "assistant: one", `user: ${message}`];
  expect(told(meanwhile)[0]?.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(told(message)).toEqual([before, [...before, "assistant: ", "tool: u is known."]]);
  expect(await post()).toEqual(run);
  expect(told(message)).toHaveLength(2);
  expect((await http("GET", `/sessions/${session}`)).status).toBe(404);
});
