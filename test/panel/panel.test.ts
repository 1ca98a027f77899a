import { listDurableObjectIds } from "cloudflare:test";
import { expect, test } from "vitest";
import {
  approvalsOf,
  bindings,
  door,
  get,
  pending,
  read,
  resolve,
  ring,
  settle,
  start,
} from "../client.ts";
import { query } from "../database.ts";
import { http, unique } from "../os/http.ts";
import { operationsOf, readDocument } from "../os/openapi.ts";
import { clock, effects, script } from "../world.ts";
import { press, see } from "./page.ts";

const call = (name: string, args: unknown, fields: Record<string, unknown> = {}) =>
  start(script({ calls: [{ name, args }] }, { text: "Done." }), fields);
const deletion = (fields?: Record<string, unknown>) =>
  call("delete_user_data", { user_id: unique("u") }, fields);

/** The buttons of the help for the keyboard, which is on every page. */
const ofKeys = ["Keys", "Close"];

test("the panel lists what is pending, with a link to each, and leaves out what is decided", async () => {
  const user = unique("mia");
  const [open, closed] = [await deletion({ user_id: user }), await deletion({ user_id: user })];
  const { id } = await pending(open.run_id);
  const decided = await pending(closed.run_id);
  await resolve(decided.id, { status: "rejected" });
  // Of one user, because others may have more than a page waiting.
  const answer = await http("GET", `/panel?user_id=${user}`);
  expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
  const { elements, texts } = await see(answer);
  const links = elements.map(({ attributes }) => attributes["href"]);
  expect(links).toContain(`/panel/approvals/${id}`);
  expect(links).not.toContain(`/panel/approvals/${decided.id}`);
  const entry = texts["li"]?.find((text) => text.includes(`For ${user}`));
  expect(entry).toContain("delete_user_data by Tester");
  expect(entry).toContain("7 days left");
  const { count } = await get<{ count: number }>("/approvals/count");
  expect(texts["h1"]).toEqual([
    count === 1 ? "1 approval is waiting" : `${count} approvals are waiting`,
  ]);
});

test("a page past the end, and one that is no number, is a page too", async () => {
  for (const page of ["9999", "0", "-1", "x", "1e3", "99999999999999999999"]) {
    expect((await http("GET", `/panel?page=${page}`)).status).toBe(200);
  }
});

test("an approval's page shows who asks for what, the whole of the arguments, and both answers", async () => {
  const user = unique("mia");
  const text = "word ".repeat(2000);
  const run = await start(
    script({ calls: [{ name: "delete_user_data", args: { user_id: text } }] }),
    { user_id: user },
  );
  const { id } = await pending(run.run_id);
  const { elements, texts } = await see(await http("GET", `/panel/approvals/${id}`));
  expect(texts["h1"]).toEqual(["delete_user_data: pending"]);
  expect(texts["pre"]).toEqual([JSON.stringify({ user_id: text }, null, 2)]);
  expect(texts["dd"]).toEqual(
    expect.arrayContaining(["Tester", "delete_user_data", user, "anonymous"]),
  );
  expect(texts["button"]).toEqual(["Approve", "Reject", "Extend", ...ofKeys]);
  expect(elements).toContainEqual({
    tag: "form",
    attributes: { method: "post", action: `/panel/approvals/${id}` },
  });
  const scripts = elements.filter(({ tag }) => tag === "script");
  expect(scripts.map(({ attributes }) => attributes["src"])).toEqual(["/panel/panel.js"]);
});

test("a press on Approve decides in the person's name, leads back to the page, and the run goes on", async () => {
  const run = await deletion();
  const { id } = await pending(run.run_id);
  const pressed = await press(id, { decision: "approved", resolved_by: " Ann ", note: "" });
  expect([pressed.status, pressed.headers.get("location")]).toEqual([
    303,
    `/panel/approvals/${id}`,
  ]);
  expect(await settle(run.run_id)).toMatchObject({ status: "COMPLETED" });
  expect(effects.filter(({ runId }) => runId === run.run_id)).toHaveLength(1);
  const record = { status: "approved", resolved_by: "Ann", resolution_data: null };
  expect(await get(`/approvals/${id}`)).toMatchObject(record);
  const { texts } = await see(await http("GET", `/panel/approvals/${id}`));
  expect(texts["li"]?.some((text) => text.startsWith("approved by Ann "))).toBe(true);
  expect(texts["li"]).toContain("The call: succeeded");
  expect(texts["button"]).toEqual(ofKeys);
});

test("a press on Reject tells the model the note as it was written, over several lines", async () => {
  const run = await deletion();
  const { id } = await pending(run.run_id);
  expect(
    (await press(id, { decision: "rejected", note: " wrong\r\nuser ", resolved_by: "" })).status,
  ).toBe(303);
  const after = await settle(run.run_id);
  expect(after.messages.find(({ role }) => role === "tool")?.content).toBe(
    "Function call was rejected by the user: wrong\nuser",
  );
  expect(await get(`/approvals/${id}`)).toMatchObject({
    status: "rejected",
    resolved_by: "anonymous",
    resolution_data: { note: "wrong\nuser" },
  });
  const { texts } = await see(await http("GET", `/panel/approvals/${id}`));
  expect(texts["p"]).toContain("wrong\nuser");
});

test("who comes second is shown who decided, and decides nothing", async () => {
  const run = await deletion();
  const { id } = await pending(run.run_id);
  await press(id, { decision: "rejected", resolved_by: "Ann" });
  await settle(run.run_id);
  const late = await press(id, { decision: "approved", resolved_by: "Bob" });
  expect(late.status).toBe(409);
  const { texts } = await see(late);
  expect(texts["p"]).toContain("Approval is already 'rejected' and cannot be resolved");
  expect(texts["li"]?.some((text) => text.startsWith("rejected by Ann "))).toBe(true);
  expect(texts["button"]).toEqual(ofKeys);
  expect((await press(id, { decision: "rejected", resolved_by: "Ann" })).status).toBe(303);
  expect(effects.filter(({ runId }) => runId === run.run_id)).toEqual([]);
});

test.each([
  ["no decision", {}],
  ["another decision", { decision: "pending" }],
  ["too long a name", { decision: "approved", resolved_by: "x".repeat(256) }],
  ["too long a note", { decision: "approved", note: "x".repeat(4001) }],
])("a form with %s decides nothing and says so", async (_, fields) => {
  const { id } = await pending((await deletion()).run_id);
  const answer = await press(id, fields as Record<string, string>);
  expect(answer.status).toBe(422);
  expect((await see(answer)).texts["p"]).toContain(
    "That answer cannot be read. Nothing was decided.",
  );
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test("a note of as many lines as the form takes is taken", async () => {
  const { id } = await pending((await deletion()).run_id);
  const note = "x\r\n".repeat(2000).slice(0, -2);
  expect((await press(id, { decision: "rejected", note })).status).toBe(303);
});

test.each(["multipart/form-data", "multipart/form-data; boundary=x"])(
  "a form of type %s that cannot be parsed is 400",
  async (type) => {
    const { id } = await pending((await deletion()).run_id);
    const headers = { origin: "http://localhost", "content-type": type };
    for (const path of [`/panel/approvals/${id}`, "/panel/sign-in"]) {
      expect((await http("POST", path, { body: "decision=approved", headers })).status).toBe(400);
    }
    expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
  },
);

test("an approval whose time is over shows so after the press, and is not executed", async () => {
  const run = await call("refund", { amount: 5 });
  const { id } = await pending(run.run_id);
  clock.move(5 * 3_600_000);
  try {
    const late = await press(id, { decision: "approved" });
    expect(late.status).toBe(409);
    expect((await see(late)).texts["h1"]).toEqual(["refund: expired"]);
    await settle(run.run_id);
  } finally {
    clock.move(-5 * 3_600_000);
  }
  expect(effects.filter(({ runId }) => runId === run.run_id)).toEqual([]);
});

async function stateOf(runIds: string[]): Promise<unknown> {
  const marks = runIds.map(() => "?").join();
  const rows = ["SELECT * FROM approvals WHERE run_id", "SELECT * FROM runs WHERE id"].map((sql) =>
    query(`${sql} IN (${marks}) ORDER BY 1`, ...runIds),
  );
  return {
    rows: await Promise.all(rows),
    inside: await Promise.all(runIds.map((id) => door(id).inspect())),
    views: await Promise.all(runIds.map((id) => read(id))),
    objects: (await listDurableObjectIds(bindings.RUNS)).map(String).toSorted(),
  };
}

test(
  "whoever follows a link or asks with GET, HEAD or OPTIONS changes nothing, however often",
  { timeout: 60_000 },
  async () => {
    const closed = await deletion();
    await resolve((await pending(closed.run_id)).id, { status: "approved" });
    await settle(closed.run_id);
    const { run_id } = await deletion();
    const { id } = await pending(run_id);
    const ids: Record<string, string> = { approval_id: id, run_id, agent_id: "tester" };
    const urls = new Set(
      operationsOf(await readDocument()).map(({ path }) =>
        path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? ""),
      ),
    );
    for (const path of ["/panel", "/panel/sign-in", "/panel/sign-out", "/openapi.json", "/docs"])
      urls.add(path);
    for (const query of ["decision=approved", "status=approved", "_method=POST"]) {
      urls.add(`/panel/approvals/${id}?${query}`);
      urls.add(`/approvals/${id}/resolve?${query}`);
    }
    for (const run of [run_id, closed.run_id]) {
      for (const approval of await approvalsOf(run)) urls.add(`/panel/approvals/${approval.id}`);
    }
    const runs = [run_id, closed.run_id];
    // What rings once after the last step would ring on the way.
    for (const run of runs) await ring(run);
    const before = await stateOf(runs);
    // One of each is enough.
    const seen = new Set<string>();
    for (const url of urls) {
      for (const method of ["GET", "HEAD", "OPTIONS", "GET"]) {
        const answer = await http(method, url, { headers: { accept: "text/html" } });
        expect([url, answer.status]).not.toEqual([url, 500]);
        if (answer.headers.get("content-type")?.startsWith("text/html") !== true) continue;
        for (const { attributes } of (await see(answer)).elements) {
          for (const link of [attributes["href"], attributes["src"], attributes["action"]]) {
            // Runs of other tests, page after page of them, are left alone.
            const isOthers = /^\/panel\/runs(\/(run_\w+)|\?)/.exec(link ?? "");
            if (isOthers !== null && !runs.includes(isOthers[2] ?? "")) continue;
            const [, kind] = /^\/panel\/(events|schedules)\/\w/.exec(link ?? "") ?? [];
            if (kind !== undefined && seen.has(kind) && !urls.has(link ?? "")) continue;
            if (kind !== undefined) seen.add(kind);
            // Of what was decided, came in or was due the newest are enough: there are all those of other tests.
            if (link?.startsWith("/") === true && !/[?&](cursor|after)=/.test(link)) urls.add(link);
          }
        }
      }
    }
    expect(await stateOf(runs)).toEqual(before);
  },
);
