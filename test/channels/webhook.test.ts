import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Webhook } from "standardwebhooks";
import { refusedAddress } from "../../src/channels/address.ts";
import { webhook } from "../../src/channels/webhook.ts";
import { approve, ask, get, pending, ring, start } from "../client.ts";
import { clock, script } from "../world.ts";
import { turnOn } from "./channels.ts";
import { endpoint } from "./endpoint.ts";

const deletion = () =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }, { text: "Gone." });
interface Event {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}
const receivedOf = (runId: string) =>
  endpoint.received
    .map((one) => ({ ...one, event: JSON.parse(one.body) as Event }))
    .filter(({ event }) => event.data["run_id"] === runId);
const typesOf = (runId: string) => receivedOf(runId).map(({ event }) => event.type);

beforeEach(() => {
  endpoint.received.length = 0;
  turnOn("hook");
});
afterEach(async () => {
  turnOn();
  endpoint.answer = undefined;
  await ask("POST", "/channels/hook/open");
});

test("events are thin, and each is verified by the public library with the new secret and with the old one", async () => {
  const { run_id } = await start(deletion());
  const asked = await pending(run_id);
  await approve(asked.id);
  await vi.waitFor(() =>
    expect(typesOf(run_id)).toEqual(["approval.pending", "approval.resolved", "run.completed"]),
  );
  const [first, second] = receivedOf(run_id);
  expect(first?.event).toEqual({
    type: "approval.pending",
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    data: {
      run_id,
      root_run_id: run_id,
      session_id: asked.session_id,
      agent_id: "tester",
      team_id: null,
      user_id: null,
      requested_by: asked.requested_by,
      status: "PAUSED",
      approval_id: asked.id,
      approval_status: "pending",
      tool_name: "delete_user_data",
      expires_at: asked.expires_at,
      call_outcome: null,
      url: `https://kern.example.com/panel/approvals/${asked.id}`,
    },
  });
  expect(second?.event.data).toMatchObject({ approval_status: "approved" });
  for (const { body, headers, redirect } of receivedOf(run_id)) {
    expect(redirect).toBe("manual");
    const sent = Object.fromEntries(headers);
    // The library goes by the real clock, which the tests' has left behind.
    const at = Number(sent["webhook-timestamp"]) * 1000;
    vi.setSystemTime(at);
    for (const secret of ["n", "o"]) {
      const library = new Webhook(`whsec_${btoa(secret.repeat(32))}`);
      expect(library.verify(body, sent)).toEqual(JSON.parse(body));
      expect(() => library.verify(`${body} `, sent)).toThrow(/signature/i);
    }
    vi.useRealTimers();
  }
});

test("an endpoint that wants the whole approval gets it", async () => {
  turnOn("hook-full");
  const { run_id } = await start(deletion());
  const asked = await pending(run_id);
  await approve(asked.id);
  await vi.waitFor(() =>
    expect(typesOf(run_id)).toEqual(["approval.pending", "approval.executed"]),
  );
  expect(receivedOf(run_id)[1]?.event.data).toMatchObject({
    call_outcome: "succeeded",
    approval: { id: asked.id, tool_args: { user_id: "u-1" }, args_hash: asked.args_hash },
  });
});

test("a retry keeps the id and is signed anew, and a redirect, an error and silence are none of them received", async () => {
  const answers = [
    () => Response.redirect("https://elsewhere.example.com/"),
    () => new Response("no", { status: 500 }),
    () => Promise.reject(new TypeError("https://hook.example.com/in?token=secret-1")),
  ];
  endpoint.answer = () => (answers.shift() ?? (() => new Response("ok")))();
  const { run_id } = await start(deletion());
  for (let n = 1; n <= 4; n++) {
    await vi.waitFor(() => expect(receivedOf(run_id)).toHaveLength(n));
    await vi.waitFor(async () => expect(await logged(run_id)).toMatchObject({ attempts: n }));
    if (n === 3) expect((await logged(run_id))?.error).toBe("The endpoint cannot be reached.");
    clock.move(600_000);
    await ring(run_id);
  }
  const received = receivedOf(run_id);
  expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
  expect(new Set(received.map(({ headers }) => headers.get("webhook-timestamp"))).size).toBe(4);
  expect(new Set(received.map(({ url }) => url))).toEqual(new Set(["https://hook.example.com/in"]));
  expect(await logged(run_id)).toMatchObject({ status: "delivered", error: null });
});

test("410 closes the endpoint for all runs, until somebody opens it again", async () => {
  endpoint.answer = () => new Response("gone", { status: 410 });
  const { run_id } = await start(deletion());
  await vi.waitFor(async () => expect(await logged(run_id)).toMatchObject({ status: "gone" }));
  endpoint.answer = undefined;
  const other = await start(deletion());
  await approve((await pending(other.run_id)).id);
  expect(receivedOf(other.run_id)).toEqual([]);
  const { data } = await get<{ data: { id: string }[] }>("/channels");
  expect(data.find(({ id }) => id === "hook")).toMatchObject({
    open: false,
    reason: "The endpoint answered 410 (gone).",
  });
  await ask("POST", "/channels/hook/open");
  const third = await start(deletion());
  await vi.waitFor(() => expect(typesOf(third.run_id)).toEqual(["approval.pending"]));
});

async function logged(runId: string) {
  const { data } = await get<{
    data: { status: string; attempts: number; error: string | null }[];
  }>(`/deliveries?run_id=${runId}&channel=hook`);
  return data[0];
}

describe("addresses", () => {
  test.each([
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://app.localhost/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://metadata/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://192.0.2.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[::127.0.0.1]/",
    "https://[::7f00:1]/",
    "https://[4000::1]/",
    "https://localhost../",
    "https://kubernetes.default.svc/",
    "https://１２７.０.０.１/",
    "https://router.local/",
    "https://db.corp/",
    "https://user:word@hook.example.com/",
    "https://user@hook.example.com/",
    "http://hook.example.com/",
    "ftp://hook.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "hook.example.com",
    "",
  ])("%s is refused before anything is connected to", (address) => {
    expect(refusedAddress(address)).not.toBeNull();
    expect(() => webhook({ url: address })).toThrow(TypeError);
  });

  test.each([
    "https://hook.example.com/in?a=1",
    "https://93.184.215.14/",
    "https://[2606:4700::1]/",
  ])("%s is allowed", (address) => expect(refusedAddress(address)).toBeNull());

  test("this machine is allowed where code says so, and nothing else with it", () => {
    for (const address of ["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]:1/"])
      expect(refusedAddress(address, { loopback: true })).toBeNull();
    for (const address of ["http://10.0.0.1/", "http://hook.example.com/", "https://10.0.0.1/"])
      expect(refusedAddress(address, { loopback: true })).not.toBeNull();
  });

  test("an endpoint without its secret sends nothing, and says which variable is missing", async () => {
    const lost = webhook({ id: "lost-one", url: "https://hook.example.com/" });
    const telling = lost.tell({} as never, { env: {} } as never);
    await expect(telling).rejects.toThrow(/WEBHOOK_SECRET_LOST_ONE is not set/);
  });

  test("an id that is a route of kern's own, or twice there, is refused", () => {
    expect(() => webhook({ id: "panel", url: "https://a.example.com" })).toThrow(/'panel' cannot/);
    expect(() => webhook({ id: "A b", url: "https://a.example.com" })).toThrow(TypeError);
    expect(() => webhook({ url: "https://a.example.com", events: ["x"] as never })).toThrow(
      /Unknown event 'x'/,
    );
  });
});
