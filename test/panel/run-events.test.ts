import { afterEach, expect, test } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { pending, settle, start } from "../client.ts";
import { chunk, done, usageChunk } from "../models/fake-chat-server.ts";
import { http, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { effects, faults, happening, healAll, script } from "../world.ts";

interface Told {
  event: string;
  content?: string;
  event_index?: number;
}

const toldIn = (text: string): Told[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Told);
const pathOf = (runId: string) => `/panel/runs/${runId}/events`;
const background = async (message: string): Promise<string> => {
  const body = new URLSearchParams({ message, background: "true" });
  const answer = await http("POST", "/agents/tester/runs", { body });
  return (await answer.json<RunView>()).run_id;
};

/** An answer of the model's that says one word and, once it may, the other. */
function halting(first: string, second: string) {
  const [says, goesOn] = [happening(), happening()];
  const response = () => {
    const encode = (event: object) => `data: ${JSON.stringify(event)}\n\n`;
    const rest = [encode(chunk({ content: second })), encode(chunk({}, "stop"))];
    let at = 0;
    let hasGoneOn = false;
    void goesOn.happened().then(() => (hasGoneOn = true));
    const body = new ReadableStream<string>({
      async pull(controller) {
        if (at++ === 0)
          return controller.enqueue(encode(chunk({ role: "assistant", content: first })));
        says.happens();
        // Signs of life, so that nobody takes it for stalled.
        if (!hasGoneOn) await scheduler.wait(20);
        if (!hasGoneOn) return controller.enqueue(": waits\n\n");
        for (const event of [...rest, encode(usageChunk(1, 1)), done]) controller.enqueue(event);
        controller.close();
      },
    });
    const headers = { "content-type": "text/event-stream" };
    return new Response(body.pipeThrough(new TextEncoderStream()), { headers });
  };
  return { says, goesOn, line: { response } };
}

afterEach(healAll);

test("who looks at a run while its model speaks is told the text from its beginning, the rest as it comes, and nothing that the page shows", async () => {
  const model = halting("Half ", "and half.");
  const calls = [{ name: "look_up", args: { user_id: "u-1" } }];
  const run = await background(script({ text: "First I look.", calls }, model.line));
  await model.says.happened();
  const answer = await http("GET", pathOf(run));
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = toldIn((await reader?.read())?.value ?? "");
  expect(first).toMatchObject([{ event: "RunContent", content: "Half " }]);
  expect(first[0]).not.toHaveProperty("event_index");
  model.goesOn.happens();
  let text = "";
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
    text += read.value;
  const rest = toldIn(text);
  const pieces = rest.filter(({ event }) => event === "RunContent");
  expect(pieces.map(({ content }) => content).join("")).toBe("and half.");
  expect(rest.at(-1)).toMatchObject({ event: "RunCompleted", content: "Half and half." });
  expect(text).not.toContain("First I look.");
});

test("the stream of a run that waits for people, or has ended, ends at once, so that the run's object can sleep", async () => {
  const args = { user_id: unique("u") };
  const waits = await start(script({ calls: [{ name: "delete_user_data", args }] }));
  const over = await start("hello");
  for (const { run_id } of [waits, over]) {
    const answer = await http("GET", pathOf(run_id));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  }
});

test("a stream that was opened while the run moved ends when it pauses", async () => {
  const [works, goesOn] = [happening(), happening()];
  faults.afterEffect = async () => {
    healAll();
    works.happens();
    await goesOn.happened();
  };
  const message = script(
    { calls: [{ name: "look_up", args: { user_id: "u-1" } }] },
    { calls: [{ name: "delete_user_data", args: { user_id: unique("u") } }] },
  );
  const run = await background(message);
  await works.happened();
  const answer = await http("GET", pathOf(run));
  const text = answer.text();
  goesOn.happens();
  expect(toldIn(await text).at(-1)).toMatchObject({ event: "RunPaused" });
});

test("no secret argument is told", async () => {
  const canary = unique("canary");
  const args = { amount: 1, to: "ann", code: canary };
  const run = await start(script({ calls: [{ name: "pay_secretly", args }] }));
  const { id } = await pending(run.run_id);
  const [works, goesOn] = [happening(), happening()];
  faults.afterEffect = async () => {
    healAll();
    works.happens();
    await goesOn.happened();
  };
  const key = await signingKey("k");
  const ask = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  const token = await key.sign(claimsOf("boss", { scope: "agent_os:admin" }));
  const body = JSON.stringify({ status: "approved" });
  const headers = { "content-type": "application/json" };
  const decided = await ask("POST", `/approvals/${id}/resolve`, { token, body, headers });
  expect(decided.status).toBe(200);
  await works.happened();
  const answer = await http("GET", pathOf(run.run_id));
  const text = answer.text();
  goesOn.happens();
  await settle(run.run_id);
  expect(effects.at(-1)?.args["code"]).toBe(canary);
  expect(toldIn(await text).map(({ event }) => event)).toContain("ToolCallCompleted");
  expect(await text).not.toContain(canary);
});

test("nobody follows a run who may not read it", async () => {
  const key = await signingKey("k");
  const jwt = { issuer, audience, keys: key.jwk };
  const token = async (scope: string) => key.sign(claimsOf(unique("ann"), { scope }));
  const { run_id } = await start("hello");
  const at = async (scope: string, isolateUsers = false) =>
    (await doorWith({ jwt, isolateUsers })("GET", pathOf(run_id), { token: await token(scope) }))
      .status;
  expect(await at("agents:tester:read")).toBe(200);
  expect(await at("agents:run approvals:read")).toBe(403);
  expect(await at("agents:short:read teams:read")).toBe(404);
  expect(await at("agents:read", true)).toBe(404);
  expect((await http("GET", pathOf(`${run_id.slice(0, -1)}u`))).status).toBe(404);
  const stranger = await http("GET", pathOf(run_id), { vars: { OS_SECURITY_KEY: "k" } });
  expect([stranger.status, stranger.headers.get("location")]).toEqual([
    303,
    expect.stringContaining("/panel/sign-in"),
  ]);
});
