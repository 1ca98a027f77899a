import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Webhook } from "standardwebhooks";
import { callbacks } from "../../src/channels/callbacks.ts";
import { approve, ask, get, pending, start } from "../client.ts";
import { handing } from "../team.ts";
import { script } from "../world.ts";
import { turnOn } from "./channels.ts";
import { endpoint } from "./endpoint.ts";

const callback_url = "https://app.example.com/told?of=mine";
const deletion = () =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }, { text: "Gone." });
const typesAt = (url: string) =>
  endpoint.received
    .filter((one) => one.url === url)
    .map(({ body }) => (JSON.parse(body) as { type: string }).type);

beforeEach(() => {
  endpoint.received.length = 0;
  turnOn("callback");
});
afterEach(() => {
  turnOn();
  endpoint.answer = undefined;
});

test("whoever starts a run with a callback is told of that run, signed with a secret of their own", async () => {
  const { run_id } = await start(deletion(), { callback_url });
  await start(deletion());
  await approve((await pending(run_id)).id);
  await vi.waitFor(() =>
    expect(typesAt(callback_url)).toEqual([
      "approval.pending",
      "approval.resolved",
      "run.completed",
    ]),
  );
  const { secret } = await get<{ secret: string }>("/callbacks/secret");
  for (const { body, headers } of endpoint.received) {
    const sent = Object.fromEntries(headers);
    vi.setSystemTime(Number(sent["webhook-timestamp"]) * 1000);
    expect(new Webhook(secret).verify(body, sent)).toMatchObject({ data: { run_id } });
    vi.useRealTimers();
  }
  const env = { CALLBACK_SECRET: `whsec_${btoa("m".repeat(32))} whsec_${btoa("p".repeat(32))}` };
  const channel = callbacks();
  expect(channel.secretsOf(env, "ann")).toHaveLength(2);
  expect(channel.secretsOf(env, "ann")).not.toEqual(channel.secretsOf(env, "bob"));
});

test("what a member of a team waits for is told to the callback of the team's run", async () => {
  const address = "https://app.example.com/team";
  const deletes = { calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] };
  const message = script({ calls: [handing("clerk", deletes)] });
  await start(message, { callback_url: address }, "crew", "teams");
  await vi.waitFor(() => expect(typesAt(address)).toEqual(["approval.pending"]));
});

test.each([
  "http://app.example.com/",
  "https://169.254.169.254/",
  "https://elsewhere.example.org/",
  "https://example.com.evil.org/",
  "https://user:word@app.example.com/",
  "nothing",
])("%s is refused with the field's name, and nothing is started", async (url) => {
  const answer = await ask("POST", "/agents/tester/runs", {
    message: deletion(),
    stream: false,
    callback_url: url,
  });
  expect([answer.status, await answer.json()]).toMatchObject([
    422,
    { detail: expect.anything() as unknown },
  ]);
});

test("an endpoint of one run that is gone does not keep others from being told", async () => {
  endpoint.answer = (url) => new Response("", { status: url.endsWith("/gone") ? 410 : 200 });
  await start(deletion(), { callback_url: "https://app.example.com/gone" });
  await vi.waitFor(() => expect(typesAt("https://app.example.com/gone")).toHaveLength(1));
  await start(deletion(), { callback_url: "https://app.example.com/there" });
  await vi.waitFor(() => expect(typesAt("https://app.example.com/there")).toHaveLength(1));
});

test("the same Idempotency-Key with another callback is another request", async () => {
  const message = deletion();
  const key = { "idempotency-key": crypto.randomUUID() };
  const body = { message, stream: false, callback_url };
  const first = await ask("POST", "/agents/tester/runs", body, key);
  const same = await ask("POST", "/agents/tester/runs", body, key);
  const other = await ask("POST", "/agents/tester/runs", { ...body, callback_url: null }, key);
  expect([first.status, same.status, other.status]).toEqual([200, 200, 422]);
});
