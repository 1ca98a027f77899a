import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { AgentOS } from "../../src/os/agent-os.ts";
import type { ScheduleRunRow } from "../../src/run/trigger-store.ts";
import { eventId, keyText } from "../../src/triggers/event-id.ts";
import { bindings, get, pending, settle } from "../client.ts";
import { db } from "../database.ts";
import { http, json, unique } from "../os/http.ts";
import { audience, claimsOf, issuer, signingKey } from "../os/issuer.ts";
import { agent, crew, short } from "../worker.ts";
import { clock, FaultyDb, script } from "../world.ts";
import { see, type Seen, skeleton } from "./page.ts";
import { panelHook, panelTriggers } from "./panel-triggers.ts";

const own = { origin: "http://localhost" };
const post = async (path: string, fields: Record<string, string> = {}, headers: object = own) =>
  http("POST", path, { body: new URLSearchParams(fields), headers: { ...headers } });
const look = async (path: string): Promise<Seen> => {
  const answer = await http("GET", path);
  expect([path, answer.status]).toEqual([path, 200]);
  return see(answer);
};
const linksOf = ({ elements }: Seen) =>
  elements.flatMap(({ attributes }) => attributes["href"] ?? []);
const actionsOf = ({ elements }: Seen) =>
  elements.flatMap(({ attributes }) => attributes["action"] ?? []);
const valueOf = ({ elements }: Seen, name: string) =>
  elements.find(({ attributes }) => attributes["name"] === name)?.attributes["value"];
const cardOf = ({ texts }: Seen, start: string) =>
  texts["li"]?.find((text) => text.startsWith(start)) ?? "";
const store = () => db.connect(bindings).schedules;

/** What the webhook answers with, and what is kept of the event. */
async function send(body: unknown, headers: Record<string, string> = {}) {
  const key = unique("key");
  const authorization = "Bearer token-of-the-panel-hook";
  const { status } = await http("POST", "/webhooks/panel-hook", {
    ...json(body, { authorization, "idempotency-key": key, ...headers }),
  });
  const id = eventId("panel-hook", keyText({ kind: "signed", id: key }, new Uint8Array()));
  // It is kept once it has been answered.
  const { run_id } = await vi.waitFor(async () => get<{ run_id: string | null }>(`/events/${id}`));
  return { answer: status, id, run_id };
}

/** What a schedule is made of, as the form sends it. */
const wish = {
  agent_id: "tester",
  message: "Delete what\r\nis old",
  cron: "0 9 * * MON-FRI",
  timezone: "Europe/Berlin",
  overlap: "queue",
  missed: "skip",
  id: "",
};

/** A schedule that was made over the API. */
async function made(more: object = {}): Promise<string> {
  const id = unique("made");
  const answer = await http("POST", "/schedules", json({ ...wish, id, ...more }));
  expect(answer.status).toBe(201);
  return id;
}

afterEach(async () => {
  panelHook.isMended = false;
  await post("/panel/schedules/panel-nightly/unpause");
});

test("the webhooks are listed with their address, what they start and listen to, and what is missing", async () => {
  const page = await look("/panel/triggers");
  expect(page.texts["h1"]).toEqual(["Triggers"]);
  const ready = cardOf(page, "panel-hook");
  for (const words of ["StartsTester", "Known byBearer token", "Listens toeverything", "is there"])
    expect(ready).toContain(words);
  const bare = cardOf(page, "panel-bare");
  expect(bare).toContain("StartsCrew");
  expect(bare).toContain("Listens toissues, push");
  expect(bare).toContain(
    "Nothing is taken. The variable PANEL_BARE_TOKEN is not set: npx wrangler secret put PANEL_BARE_TOKEN",
  );
  const addresses = page.elements.filter(({ attributes }) => "readonly" in attributes);
  expect(addresses.map(({ attributes }) => attributes["value"])).toContain(
    "https://kern.example.com/webhooks/panel-hook",
  );
  expect(linksOf(page)).toContain("/panel/events?webhook=panel-hook");
  expect(await (await http("GET", "/panel/triggers")).text()).not.toContain("token-of-the-panel");
});

test("what came in last is on the page of all triggers, and in the log with its filters", async () => {
  const started = await send({ type: "issues.labeled", message: script({ text: "Seen." }) });
  const ignored = await send({ type: "nothing.to-do" });
  const failed = await send({ type: "broken", broken: "event.issue is undefined" });
  expect([started.answer, ignored.answer, failed.answer]).toEqual([202, 204, 422]);
  for (const path of ["/panel/triggers", "/panel/events"])
    for (const { id } of [started, ignored, failed])
      expect(linksOf(await look(path))).toContain(`/panel/events/${id}`);
  const all = await look("/panel/events?webhook=panel-hook");
  expect(cardOf(all, "issues.labeled")).toMatch(
    /^issues\.labeled by panel-hook, just now *started a run, delivered once · Its run$/,
  );
  expect(linksOf(all)).toContain(`/panel/runs/${started.run_id}`);
  expect(cardOf(all, "broken")).toContain("event.issue is undefined");
  const narrowed = await look("/panel/events?webhook=panel-hook&status=failed");
  expect(linksOf(narrowed)).toContain(`/panel/events/${failed.id}`);
  expect(linksOf(narrowed)).not.toContain(`/panel/events/${started.id}`);
  const chosen = narrowed.elements.filter(({ attributes }) => "selected" in attributes);
  expect(chosen.map(({ attributes }) => attributes["value"])).toEqual(["panel-hook", "failed"]);
  const none = await look("/panel/events?webhook=of-before");
  expect(none.texts["p"]).toContain("No event fits. See all of them");
  expect(none.texts["option"]).toContain("of-before");
  for (const query of ["status=x", "after=x", "after=1.%00"])
    expect(linksOf(await look(`/panel/events?${query}`))).toContain(`/panel/events/${failed.id}`);
});

test("pages of the log go on where the one before ended, with the same filter", async () => {
  const { events } = db.connect(bindings);
  const webhook = unique("of-before");
  const ids = Array.from({ length: 53 }, (_, n) => `evt_${webhook.replaceAll("-", "")}x${n}`);
  for (const [n, id] of ids.entries())
    await events.note({
      id,
      webhook,
      type: null,
      status: "ignored",
      run_id: null,
      error: null,
      headers: "{}",
      body: "",
      created_at_ms: 1_000_000 + n,
      updated_at_ms: 1_000_000 + n,
    });
  const idsOn = (page: Seen) =>
    linksOf(page).flatMap((href) => /^\/panel\/events\/(\w+)$/.exec(href)?.[1] ?? []);
  const first = await look(`/panel/events?webhook=${webhook}&status=ignored`);
  const newestFirst = ids.toReversed();
  expect(idsOn(first)).toEqual(newestFirst.slice(0, 50));
  const older = linksOf(first).find((href) => href.includes("after=")) ?? "";
  const second = await look(older);
  expect(idsOn(second)).toEqual(newestFirst.slice(50));
  expect(linksOf(second)).toContain(`/panel/events?webhook=${webhook}&status=ignored`);
  expect(linksOf(second).some((href) => href.includes("after="))).toBe(false);
  // Its webhook is not in the code: nothing can be done with it any more.
  const page = await look(`/panel/events/${newestFirst[0]}`);
  expect(actionsOf(page)).toEqual([]);
  expect(page.texts["p"]).toEqual(
    expect.arrayContaining([
      "Its webhook is not in the code any more, so it cannot be replayed.",
      "It was empty.",
      "None of them was kept.",
    ]),
  );
});

test("an event's page shows what came in, as text from outside, with its headers, its run and its error", async () => {
  const message = script({ text: "Seen." });
  const sent = { type: "issues.labeled", message, deep: { large: 1.5 } };
  const { id, run_id } = await send(sent, { "x-panel": "a header", "x-other": "not kept" });
  const page = await look(`/panel/events/${id}`);
  expect(page.texts["h1"]).toEqual(["Event: issues.labeled"]);
  expect(page.texts["pre"]).toEqual([JSON.stringify(sent, null, 2)]);
  expect(page.texts["p"]?.join("\n")).toContain("Text from outside, as panel-hook took it.");
  expect(page.texts["dd"]).toEqual(
    expect.arrayContaining(["started a run", "panel-hook", "once", "never", "a header", id]),
  );
  expect(page.texts["dd"]?.join()).not.toMatch(/not kept|token-of-the-panel-hook/);
  expect(linksOf(page)).toContain(`/panel/runs/${run_id}`);
  const failed = await look(`/panel/events/${(await send({ broken: "No <b>issue</b>" })).id}`);
  expect(failed.texts["h1"]).toEqual(["Event: no type"]);
  expect(failed.texts["p"]).toContain("'input' has thrown: No <b>issue</b>");
  expect((await http("GET", "/panel/events/evt_none")).status).toBe(404);
});

test("what is no JSON is shown as it came, what is in a form without the form, and what is long as far as it is read", async () => {
  const bodyOf = async (body: string, type: string) => {
    const { id } = await send(body, { "content-type": type });
    return (await look(`/panel/events/${id}`)).texts["pre"]?.[0] ?? "";
  };
  const plain = `line one\n{"a":1`;
  expect(await bodyOf(plain, "text/plain")).toBe(plain);
  // What would be another text is left as it was written.
  const twice = '{"a":1,"a":2}';
  expect(await bodyOf(twice, "application/json")).toBe(twice);
  const form = new URLSearchParams({ payload: '{"ref":"main"}' }).toString();
  expect(await bodyOf(form, "application/x-www-form-urlencoded")).toBe('{\n  "ref": "main"\n}');
  const long = await bodyOf("long ".repeat(10_000), "text/plain");
  expect(long.length).toBeLessThan(21_000);
  expect(long).toContain("… (50000 characters in all; the API has the whole)");
});

const hostile = [
  `<script>alert(1)</script>`,
  `</pre></dd></li><script src="https://evil.com/x.js"></script><pre>`,
  `"><img src=x onerror=alert(1)><base href="https://evil.com">`,
  `</form><form action="https://evil.com"><button name="again" value="yes">Replay</button>`,
  `pay \u202Eeva\u202C\u200B\u0007now`,
];
const spelled = (text: string) =>
  ["202E", "202C", "200B", "0007"].reduce(
    (left, hex) => left.replaceAll(String.fromCharCode(Number.parseInt(hex, 16)), `\\u{${hex}}`),
    text,
  );

test("nothing that comes from outside becomes a part of the page, or turns the text around it", async () => {
  const pagesWith = async (text: string) => {
    const { id } = await send({ broken: text, [text]: text });
    // A type as no scheme of kern's own gives one, but a project's may.
    const { events } = db.connect(bindings);
    const row = await events.read(id);
    if (row === null) throw new Error("It was not kept.");
    const other = `${id}x`;
    const headers = JSON.stringify({ [text]: text });
    await events.note({ ...row, id: other, type: text, headers, body: text });
    const list = await look("/panel/events?status=failed");
    return {
      json: await look(`/panel/events/${id}`),
      all: await look(`/panel/events/${other}`),
      entry: list.texts["li"]?.find((entry) => entry.startsWith(spelled(text))) ?? "",
      list: list.elements.filter(({ tag }) => /script|form|img|base|style/.test(tag)),
    };
  };
  const plain = await pagesWith("plain");
  for (const text of hostile) {
    const { all, entry, json: one, list } = await pagesWith(text);
    expect(skeleton(one)).toEqual(skeleton(plain.json));
    expect(skeleton(all)).toEqual(skeleton(plain.all));
    expect(list).toEqual(plain.list);
    expect(entry).toContain(`'input' has thrown: ${spelled(text)}`);
    expect(all.texts["h1"]).toEqual([`Event: ${spelled(text)}`]);
    expect(all.texts["pre"]).toEqual([spelled(text)]);
    expect(all.texts["dt"]).toContain(spelled(text));
    expect(all.texts["dd"]).toContain(spelled(text));
    expect(one.texts["pre"]?.[0]).not.toMatch(/[\u202E\u200B]/);
  }
});

test("what could not be mapped is replayed from its page once the code is mended, and else says why", async () => {
  const message = script({ text: "Seen." });
  const { id, run_id } = await send({ type: "issues", message, broken: "not yet" });
  expect(run_id).toBeNull();
  const path = `/panel/events/${id}/replay`;
  const page = await look(`/panel/events/${id}`);
  expect(page.texts["button"]).toContain("Replay");
  expect(page.elements.filter(({ tag }) => tag === "details")).toEqual([]);
  const refused = await post(path, { replays: valueOf(page, "replays") ?? "" });
  expect(refused.status).toBe(409);
  const told = await see(refused);
  expect(told.texts["p"]).toContain("It was not replayed: 'input' has thrown: not yet");
  panelHook.isMended = true;
  const replayed = await post(path, { replays: valueOf(told, "replays") ?? "" });
  expect([replayed.status, replayed.headers.get("location")]).toEqual([303, `/panel/events/${id}`]);
  const after = await get<{ run_id: string; status: string }>(`/events/${id}`);
  expect(after.status).toBe("started");
  expect(linksOf(await look(`/panel/events/${id}`))).toContain(`/panel/runs/${after.run_id}`);
  await settle(after.run_id);
});

test("another run of an event is asked for once more, and one press is one run", async () => {
  const { id, run_id } = await send({ type: "issues", message: script({ text: "Seen." }) });
  const path = `/panel/events/${id}/replay`;
  const page = await look(`/panel/events/${id}`);
  expect(page.elements.filter(({ tag }) => tag === "details")).toHaveLength(1);
  expect(page.texts["button"]).toContain("Yes, start another run of it");
  const fields = { replays: valueOf(page, "replays") ?? "", again: valueOf(page, "again") ?? "" };
  expect(fields).toEqual({ replays: "0", again: "yes" });
  expect((await post(path, fields)).status).toBe(303);
  const second = await get<{ run_id: string }>(`/events/${id}`);
  expect(second.run_id).not.toBe(run_id);
  const again = await post(path, fields);
  expect(again.status).toBe(409);
  expect((await see(again)).texts["p"]?.join("\n")).toContain("replayed it meanwhile");
  expect(await get(`/events/${id}`)).toMatchObject({ run_id: second.run_id, replays: 1 });
});

test("a run and an approval say which webhook or schedule started them, and who had it run by hand", async () => {
  const message = script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
  const { run_id } = await send({ message });
  await settle(run_id ?? "");
  const { id } = await pending(run_id ?? "");
  for (const path of [`/panel/runs/${run_id}`, `/panel/approvals/${id}`]) {
    const page = await look(path);
    expect(page.texts["dd"]).toContain("the webhook panel-hook");
    expect(linksOf(page)).toContain("/panel/events?webhook=panel-hook");
  }
  const schedule = await made();
  await post(`/panel/schedules/${schedule}/run`, { attempt: "one" });
  const [time] = await store().runs(schedule, { limit: 1, after: null });
  await settle(time?.run_id ?? "");
  const page = await look(`/panel/runs/${time?.run_id}`);
  expect(page.texts["dd"]).toContain(`anonymous, who had the schedule ${schedule} run`);
  expect(linksOf(page)).toContain(`/panel/schedules/${schedule}`);
});

test("the schedules are listed with their times, when they are due next, and what came of them last", async () => {
  // Behind those of other tests.
  const page = await look("/panel/triggers?after=panel-night");
  const card = cardOf(page, "panel-nightly");
  for (const words of [
    "StateNot paused",
    "StartsTester",
    "Times30 3 * * * in Europe/Berlin",
    "03:30 Europe/Berlin)",
    "Writtenin code",
    "Last times",
  ])
    expect(card).toContain(words);
  expect(linksOf(page)).toContain("/panel/schedules/panel-nightly");
  expect(actionsOf(page)).toEqual(
    expect.arrayContaining([
      "/panel/schedules/panel-nightly/run",
      "/panel/schedules/panel-nightly/pause",
    ]),
  );
});

test("more schedules than a page holds go on behind the last one, and lead back to the first", async () => {
  const prefix = unique("zz");
  const ids = Array.from({ length: 21 }, (_, n) => `${prefix}-${String(n).padStart(2, "0")}`);
  for (const id of ids) await http("POST", "/schedules", json({ ...wish, id }));
  const idsOn = (page: Seen) =>
    linksOf(page).flatMap((href) => /^\/panel\/schedules\/(.+)$/.exec(href)?.[1] ?? []);
  const first = await look(`/panel/triggers?after=${prefix}`);
  expect(idsOn(first)).toEqual(ids.slice(0, 20));
  expect(linksOf(first)).toContain("/panel/triggers");
  const further = linksOf(first).find((href) => href.includes("?after=")) ?? "";
  expect(idsOn(await look(further))).toEqual(ids.slice(20));
  for (const id of ids) await http("DELETE", `/schedules/${id}`);
});

test("a schedule is paused and unpaused, and the page says which it is", async () => {
  const path = "/panel/schedules/panel-nightly";
  const paused = await post(`${path}/pause`);
  expect([paused.status, paused.headers.get("location")]).toEqual([303, path]);
  expect(await get("/schedules/panel-nightly")).toMatchObject({ enabled: false });
  const page = await look(path);
  expect(page.texts["dd"]).toEqual(
    expect.arrayContaining(["Paused", "not while it is paused", "in code"]),
  );
  expect(page.texts["button"]).toContain("Unpause");
  expect((await post(`${path}/unpause`)).status).toBe(303);
  expect(await get("/schedules/panel-nightly")).toMatchObject({ enabled: true });
  expect((await look(path)).texts["button"]).toContain("Pause");
  expect((await post("/panel/schedules/nothing/pause")).status).toBe(404);
});

test("a schedule is run now, and one press is one run", async () => {
  const id = await made({ message: script({ text: "Done so." }) });
  const page = await look(`/panel/schedules/${id}`);
  expect(page.texts["p"]).toContain("It has not been due yet.");
  const attempt = valueOf(page, "attempt") ?? "";
  expect(attempt).not.toBe("");
  for (let press = 0; press < 2; press++) {
    const pressed = await post(`/panel/schedules/${id}/run`, { attempt });
    expect([pressed.status, pressed.headers.get("location")]).toEqual([
      303,
      `/panel/schedules/${id}`,
    ]);
  }
  const times = await store().runs(id, { limit: 10, after: null });
  expect(times).toHaveLength(1);
  const runId = times[0]?.run_id ?? "";
  expect(await settle(runId)).toMatchObject({ requested_by: "anonymous", schedule_id: id });
  const after = await look(`/panel/schedules/${id}`);
  expect(after.texts["li"]).toContain("just now: started, by hand · Its run, completed");
  expect(linksOf(after)).toContain(`/panel/runs/${runId}`);
});

/** A time of a schedule's, as the clock notes it. */
const timeOf = (id: string, n: number, more: Partial<ScheduleRunRow> = {}): ScheduleRunRow => ({
  id: `srn_${id.replaceAll("-", "")}x${n}`,
  schedule_id: id,
  due_at_ms: 1_700_000_000_000 + n * 60_000,
  status: "skipped",
  run_id: null,
  reason: `The run before, run_${n}, has not ended.`,
  is_manual: false,
  created_at_ms: 1_700_000_000_000,
  updated_at_ms: 1_700_000_000_000,
  ...more,
});

test("what was passed over, waits or failed is told with its reason, and pages go on where the one before ended", async () => {
  const id = await made();
  for (let n = 0; n < 20; n++) await store().addRun(timeOf(id, n));
  await store().addRun(timeOf(id, 20, { status: "failed", reason: "There is no <b>agent</b>." }));
  await store().addRun(timeOf(id, 21, { status: "queued", reason: null }));
  const first = await look(`/panel/schedules/${id}`);
  const times = first.texts["li"]?.filter((text) => text.includes(" ago: ")) ?? [];
  expect(times).toHaveLength(20);
  expect(times[0]).toMatch(/ ago: waits for the run before$/);
  expect(times[1]).toMatch(/ ago: could not be started: There is no <b>agent<\/b>\.$/);
  expect(times[2]).toMatch(/ ago: passed over: The run before, run_19, has not ended\.$/);
  const older = linksOf(first).find((href) => href.includes("after=")) ?? "";
  const second = await look(older);
  expect(second.texts["li"]?.join()).toMatch(/run_1,.*run_0,/s);
  expect(second.texts["li"]?.join()).not.toContain("run_2,");
  expect(linksOf(second)).toContain(`/panel/schedules/${id}`);
});

test("a schedule is made with the form, shown, and deleted, which is asked once more", async () => {
  const form = await look("/panel/schedules");
  expect(form.texts["option"]).toEqual(
    expect.arrayContaining(["Tester (agent)", "Crew (team)", "Clerk (agent)"]),
  );
  expect(valueOf(form, "timezone")).toBe("UTC");
  const id = unique("weekly");
  const answer = await post("/panel/schedules", { ...wish, id });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, `/panel/schedules/${id}`]);
  expect(await get(`/schedules/${id}`)).toMatchObject({
    ...wish,
    id,
    message: "Delete what\nis old",
    source: "api",
    enabled: true,
  });
  const page = await look(`/panel/schedules/${id}`);
  expect(page.texts["h1"]).toEqual([`Schedule ${id}`]);
  expect(page.texts["p"]).toContain("Delete what\nis old");
  expect(page.texts["dd"]).toEqual(
    expect.arrayContaining([
      "0 9 * * MON-FRI in Europe/Berlin",
      "one waits for it",
      "it is passed over",
      "over the API or here",
      "nobody in particular",
    ]),
  );
  expect(page.elements.filter(({ tag }) => tag === "details")).toHaveLength(1);
  expect(page.texts["button"]).toContain(`Delete ${id} for good`);
  const removed = await post(`/panel/schedules/${id}/delete`);
  expect([removed.status, removed.headers.get("location")]).toEqual([303, "/panel/triggers"]);
  expect((await http("GET", `/panel/schedules/${id}`)).status).toBe(404);
  const unnamed = await post("/panel/schedules", wish);
  expect(unnamed.headers.get("location")).toMatch(/^\/panel\/schedules\/s-[\da-f-]{13}$/);
  const nightly = await look("/panel/schedules/panel-nightly");
  expect(actionsOf(nightly)).not.toContain("/panel/schedules/panel-nightly/delete");
  const kept = await post("/panel/schedules/panel-nightly/delete");
  expect(kept.status).toBe(409);
  expect((await see(kept)).texts["p"]?.join()).toContain("is written in code: take it out there.");
});

test.each<[string, Record<string, string>, string, string]>([
  ["no message", { message: " " }, "message", "The message must not be empty."],
  ["no times", { cron: "" }, "cron", "give five fields"],
  ["a time that never comes", { cron: "0 0 30 2 *" }, "cron", "there is no such day"],
  ["a time zone that there is not", { timezone: "Mars/Base" }, "timezone", "Unknown time zone"],
  ["no time zone", { timezone: "" }, "timezone", "Unknown time zone"],
  ["an id that is none", { id: "No Id" }, "id", "and no hyphen first"],
  ["an agent that there is not", { agent_id: "nobody" }, "agent_id", "There is no agent or team"],
  ["a rule that there is not", { overlap: "hurry" }, "overlap", "Invalid option"],
])(
  "a schedule with %s is not made: the reason stands at its field, and nothing typed is lost",
  async (_, wrong, name, why) => {
    const id = unique("refused");
    const asked: Record<string, string> = { ...wish, id, ...wrong };
    const answer = await post("/panel/schedules", asked);
    expect(answer.status).toBe(422);
    const page = await see(answer);
    const invalid = page.elements.filter(({ attributes }) => "aria-invalid" in attributes);
    expect(invalid.map(({ attributes }) => attributes["name"])).toEqual([name]);
    expect(page.texts["p"]?.filter((text) => text.includes(why))).toHaveLength(1);
    expect(page.texts["textarea"]).toEqual([asked["message"]?.replaceAll("\r\n", "\n")]);
    for (const field of ["cron", "timezone", "id"]) expect(valueOf(page, field)).toBe(asked[field]);
    expect((await http("GET", `/schedules/${id}`)).status).toBe(404);
  },
);

test("an id that is taken is said above the form", async () => {
  const answer = await post("/panel/schedules", { ...wish, id: "panel-nightly" });
  expect(answer.status).toBe(409);
  expect((await see(answer)).texts["p"]).toContain(
    "No schedule was made. There is a schedule 'panel-nightly' already.",
  );
});

test("every input has its label, ids are there once, and no page has a script of its own", async () => {
  const { id } = await send({ type: "issues", message: script({ text: "Seen." }) });
  const refused = await see(await post("/panel/schedules", { ...wish, message: "", cron: "x" }));
  const paths = ["/panel/triggers", "/panel/events", `/panel/events/${id}`, "/panel/schedules"];
  const pages = await Promise.all([...paths, "/panel/schedules/panel-nightly"].map(look));
  for (const page of [...pages, refused]) {
    const all = (attribute: string) =>
      page.elements.flatMap(({ attributes }) => attributes[attribute] ?? []);
    expect(new Set(all("id")).size).toBe(all("id").length);
    for (const described of all("aria-describedby"))
      expect(all("id")).toEqual(expect.arrayContaining(described.split(" ")));
    const labels = page.texts["label"]?.length ?? 0;
    const inputs = page.elements.filter(
      ({ attributes, tag }) =>
        /^(input|textarea|select)$/.test(tag) && attributes["type"] !== "hidden",
    );
    expect(inputs).toHaveLength(labels);
    const active = skeleton(page).filter((element) => /\b(script|style|on\w+)\b/.test(element));
    const ours = /^script src defer$| data-script /;
    expect(active.filter((element) => !ours.test(element))).toEqual([]);
    expect(linksOf(page)).toContain("/panel/triggers");
  }
});

const base = "https://kern.example.com";
let visit: (method: string, path: string, token: string, body?: string) => Promise<Response>;
let tokenOf: (sub: string, ...scopes: string[]) => Promise<string>;
let isolated: typeof visit;
beforeAll(async () => {
  const key = await signingKey("k");
  tokenOf = async (sub, ...scopes) => key.sign(claimsOf(sub, { scopes }));
  const doorOf = (isolateUsers: boolean): typeof visit => {
    const app = new AgentOS({
      agents: [agent, short],
      teams: [crew],
      db: new FaultyDb(),
      triggers: panelTriggers,
      auth: { jwt: { issuer, audience, keys: key.jwk }, isolateUsers },
      now: clock.now,
    }).getApp();
    return async (method, path, token, body) => {
      const headers = {
        authorization: `Bearer ${token}`,
        origin: base,
        ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
      };
      const request = new Request(base + path, {
        method,
        headers,
        ...(body !== undefined && { body }),
      });
      return app.fetch(request, { ...bindings }, createExecutionContext());
    };
  };
  visit = doorOf(false);
  isolated = doorOf(true);
});

test("who holds neither scope is not led to the triggers, and is refused them; who holds one sees that part", async () => {
  const nobody = await tokenOf("vic", "agents:read", "agents:run");
  const reader = await tokenOf("ann", "agents:read", "webhooks:read");
  const planner = await tokenOf("bob", "agents:read", "schedules:read");
  const navigationOf = async (token: string) =>
    linksOf(await see(await visit("GET", "/panel/runs", token)));
  expect(await navigationOf(nobody)).not.toContain("/panel/triggers");
  for (const token of [reader, planner])
    expect(await navigationOf(token)).toContain("/panel/triggers");
  const { id } = await send({ type: "issues", message: script({ text: "Seen." }) });
  const paths = [
    "/panel/triggers",
    "/panel/events",
    `/panel/events/${id}`,
    "/panel/schedules/panel-nightly",
    "/panel/schedules",
  ];
  const statusesOf = async (token: string) =>
    Promise.all(paths.map(async (path) => (await visit("GET", path, token)).status));
  expect(await statusesOf(nobody)).toEqual([403, 403, 403, 403, 403]);
  expect(await statusesOf(reader)).toEqual([200, 200, 200, 403, 403]);
  expect(await statusesOf(planner)).toEqual([200, 403, 403, 200, 403]);
  const hers = await see(await visit("GET", "/panel/triggers", reader));
  expect(hers.texts["h2"]).toContain("Webhooks");
  expect(hers.texts["h2"]).not.toContain("Schedules");
  expect(linksOf(hers)).toContain("/panel/events");
  const his = await see(await visit("GET", "/panel/triggers", planner));
  expect(his.texts["h2"]).toContain("Schedules");
  expect(his.texts["h2"]).not.toContain("Webhooks");
  expect(linksOf(his)).not.toContain("/panel/events");
});

test("who sees only their own is shown nothing that starts by itself, whatever they hold", async () => {
  const token = await tokenOf("ann", "agents:read", "webhooks:read", "schedules:read");
  expect(linksOf(await see(await isolated("GET", "/panel/runs", token)))).not.toContain(
    "/panel/triggers",
  );
  for (const path of ["/panel/triggers", "/panel/events", "/panel/schedules/panel-nightly"])
    expect((await isolated("GET", path, token)).status).toBe(403);
});

test("buttons are for who may run the agent, and a form without one is refused", async () => {
  const scopes = ["webhooks:read", "schedules:read", "schedules:write", "schedules:delete"];
  const looker = await tokenOf("vic", ...scopes);
  const runner = await tokenOf("ann", ...scopes, "agents:tester:run", "agents:tester:read");
  const { id } = await send({ type: "issues", broken: "not yet" });
  const schedule = await made();
  const events = `/panel/events/${id}`;
  const path = `/panel/schedules/${schedule}`;
  for (const page of [events, path, "/panel/triggers"])
    expect(actionsOf(await see(await visit("GET", page, looker)))).toEqual([]);
  expect((await see(await visit("GET", events, looker))).texts["p"]).toContain(
    "It is replayed by who may run the webhook's agent.",
  );
  expect(actionsOf(await see(await visit("GET", events, runner)))).toEqual([`${events}/replay`]);
  expect(actionsOf(await see(await visit("GET", path, runner)))).toEqual([
    `${path}/run`,
    `${path}/pause`,
    `${path}/delete`,
  ]);
  const form = await see(await visit("GET", "/panel/schedules", runner));
  expect(form.texts["option"]?.filter((name) => name.includes("("))).toEqual(["Tester (agent)"]);
  const making = new URLSearchParams({ ...wish, agent_id: "short" }).toString();
  for (const [to, body] of [
    [`${events}/replay`, "replays=0"],
    [`${path}/run`, "attempt=x"],
    [`${path}/pause`, ""],
    [`${path}/delete`, ""],
    ["/panel/schedules", making],
  ] as const)
    expect([to, (await visit("POST", to, looker, body)).status]).toEqual([to, 403]);
  expect((await visit("POST", "/panel/schedules", runner, making)).status).toBe(403);
  expect(await get(`/schedules/${schedule}`)).toMatchObject({ enabled: true });
  expect(await store().runs(schedule, { limit: 1, after: null })).toEqual([]);
  expect(await get(`/events/${id}`)).toMatchObject({ replays: 0, run_id: null });
});

test("who made a schedule counts as having asked, by their names and not as they are kept", async () => {
  const scopes = ["schedules:read", "schedules:write", "agents:run"];
  const token = await tokenOf("ann", ...scopes);
  const id = unique("hers");
  const body = new URLSearchParams({ ...wish, id }).toString();
  expect((await visit("POST", "/panel/schedules", token, body)).status).toBe(303);
  const page = await look(`/panel/schedules/${id}`);
  const at = page.texts["dt"]?.indexOf("Counts as having asked") ?? -1;
  expect(page.texts["dd"]?.[at]).toContain(`${issuer}|ann`);
  expect(page.texts["dd"]?.[at]).not.toMatch(/["[\]]/);
});

test("a form from a page of another origin, or of none, does nothing", async () => {
  const { id } = await send({ type: "issues", broken: "not yet" });
  panelHook.isMended = true;
  const schedule = await made();
  for (const origin of ["https://evil.example.com", "null", undefined]) {
    const headers = origin === undefined ? {} : { origin };
    for (const [path, fields] of [
      [`/panel/events/${id}/replay`, { replays: "0" }],
      [`/panel/schedules/${schedule}/run`, { attempt: "x" }],
      [`/panel/schedules/${schedule}/pause`, {}],
      [`/panel/schedules/${schedule}/delete`, {}],
      ["/panel/schedules", { ...wish, id: "forged" }],
    ] as const) {
      const { status } = await post(path, fields, headers);
      expect([path, status >= 400]).toEqual([path, true]);
    }
  }
  expect(await get(`/events/${id}`)).toMatchObject({ replays: 0, run_id: null });
  expect(await get(`/schedules/${schedule}`)).toMatchObject({ enabled: true });
  expect(await store().runs(schedule, { limit: 1, after: null })).toEqual([]);
  expect((await http("GET", "/schedules/forged")).status).toBe(404);
});

test("only who is signed in comes to these pages", async () => {
  const vars = { OS_SECURITY_KEY: "k" };
  for (const path of ["/panel/triggers", "/panel/events", "/panel/schedules/panel-nightly"]) {
    const turned = await http("GET", path, { vars });
    expect([turned.status, turned.headers.get("location")]).toEqual([
      303,
      `/panel/sign-in?next=${encodeURIComponent(path)}`,
    ]);
  }
});
