import { createHmac } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { visible } from "../../src/approval/visible.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { isSignedStandard, signedHeaders } from "../../src/signing/standard.ts";
import { custom } from "../../src/triggers/custom.ts";
import { webhook } from "../../src/triggers/webhook.ts";
import { ask, get, settle } from "../client.ts";
import { query } from "../database.ts";
import { http } from "../os/http.ts";
import { byToken, post } from "../triggers/deliver.ts";
import { mapping } from "../triggers/triggers.ts";
import { agent } from "../worker.ts";
import { clock, FaultyDb, script } from "../world.ts";

const dayMs = 24 * 3_600_000;

afterEach(() => {
  mapping.before = undefined;
  vi.restoreAllMocks();
});

test("what GitHub has signed as JSON is read as that, whatever type of content stands beside it", async () => {
  const forged = encodeURIComponent(JSON.stringify({ message: script({ text: "Forged." }) }));
  const message = script({ text: "Genuine." });
  const body = JSON.stringify({ message, data: `a title&payload=${forged}&` });
  const signature = createHmac("sha256", "secret-of-github-now").update(body).digest("hex");
  const answer = await post("hub", body, {
    "content-type": "application/x-www-form-urlencoded",
    "x-github-event": "issues",
    "x-hub-signature-256": `sha256=${signature}`,
  });
  expect(answer.status).toBe(202);
  expect(await settle(answer.run_id ?? "")).toMatchObject({ content: "Genuine." });
});

test("of more signatures than any sender has secrets none is compared", () => {
  const [id, body, secret] = ["msg_1", "{}", `whsec_${btoa("i".repeat(32))}`];
  const headers = signedHeaders(id, 0, body, [secret]);
  const signature = headers["webhook-signature"] ?? "";
  const isSigned = (others: number) => {
    const given = { id, timestamp: "0", signature: `${"v1,a ".repeat(others)}${signature}` };
    return isSignedStandard(new TextEncoder().encode(body), given, [secret], 0);
  };
  expect([isSigned(31), isSigned(32), isSigned(25_000)]).toEqual([true, false, false]);
});

test("what nobody has signed begins no line of the log, and does not fill it", async () => {
  const told = vi.spyOn(console, "warn").mockReturnValue();
  const own = webhook({
    id: "quoting",
    agent: "tester",
    verify: custom({
      scheme: "Quoting",
      verify({ body }) {
        throw new Error(`No such key: ${new TextDecoder().decode(body)}`);
      },
    }),
  });
  const os = new AgentOS({ agents: [agent], db: new FaultyDb(), triggers: [own], now: clock.now });
  const body = `a\nkern: approved \u001B[2J\u202E${"x".repeat(100_000)}`;
  const response = await http("POST", "/webhooks/quoting", { body, app: os.getApp() });
  expect(response.status).toBe(401);
  const line = told.mock.calls.flat().join(" ");
  expect(line).toContain(String.raw`a\nkern: approved \u{001B}[2J\u{202E}`);
  expect(line).toBe(visible(line).replaceAll("\n", ""));
  expect(line.length).toBeLessThan(1000);
});

test("an event that was forgotten, and came again, starts a run of its own when it is replayed", async () => {
  const sent = { message: script(), data: crypto.randomUUID() };
  const first = await byToken(sent);
  const replayed = async (body: object) => {
    const response = await ask("POST", `/events/${first.event_id}/replay`, body);
    return (await response.json<{ run_id: string }>()).run_id;
  };
  await vi.waitFor(async () => get(`/events/${first.event_id}`));
  const again = await replayed({ again: true });
  clock.move(31 * dayMs);
  await query("DELETE FROM events WHERE id = ?", first.event_id);
  mapping.before = () => {
    throw new Error("Not yet.");
  };
  expect((await byToken(sent)).status).toBe(422);
  mapping.before = undefined;
  const late = await replayed({});
  expect([first.run_id, again]).not.toContain(late);
  expect((await byToken(sent)).run_id).toBe(late);
  expect([first.run_id, again, late]).not.toContain(await replayed({ again: true }));
});

test("a replay that starts nothing makes nobody forget the run that the event has started", async () => {
  const first = await byToken({ message: script(), data: crypto.randomUUID() });
  await vi.waitFor(async () => get(`/events/${first.event_id}`));
  mapping.before = () => {
    throw new Error("Not yet.");
  };
  const replay = async (body: object) => ask("POST", `/events/${first.event_id}/replay`, body);
  expect((await replay({ again: true })).status).toBe(409);
  mapping.before = undefined;
  expect(await get(`/events/${first.event_id}`)).toMatchObject({
    status: "started",
    run_id: first.run_id,
    error: "'input' has thrown: Not yet.",
    replays: 1,
  });
  clock.move(4 * dayMs);
  expect(await (await replay({})).json()).toMatchObject({ run_id: first.run_id });
});
