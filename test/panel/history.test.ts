import { beforeAll, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { pending, resolve, settle, start } from "../client.ts";
import { http, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, sending, signingKey } from "../os/issuer.ts";
import { clock, script } from "../world.ts";
import { see, type Seen, skeleton } from "./page.ts";

const call = (name: string, args: unknown, fields: Record<string, unknown> = {}) =>
  start(script({ calls: [{ name, args }] }, { text: "Done." }), fields);
const decided = async (
  decision: Record<string, unknown>,
  fields: Record<string, unknown> = {},
  text = "u-1",
): Promise<ApprovalRecord> => {
  const { run_id } = await call("delete_user_data", { user_id: text }, fields);
  const { id } = await pending(run_id);
  const { body, status } = await resolve(id, decision);
  expect(status).toBe(200);
  await settle(run_id);
  return body;
};
const history = async (query: Record<string, string> = {}) =>
  http("GET", `/panel/history?${new URLSearchParams(query).toString()}`);
const seen = async (query: Record<string, string>): Promise<Seen> => {
  const answer = await history(query);
  expect(answer.status).toBe(200);
  return see(answer);
};
const linksOf = ({ elements }: Seen) =>
  elements.flatMap(({ attributes }) => attributes["href"] ?? []);
const idsOf = (page: Seen) =>
  linksOf(page).flatMap((link) => /^\/panel\/approvals\/(\w+)$/.exec(link)?.[1] ?? []);

const user = unique("mia");
let yes: ApprovalRecord;
let no: ApprovalRecord;
beforeAll(async () => {
  yes = await decided({ status: "approved", resolved_by: "Ann" }, { user_id: user });
  const said = { status: "rejected", resolved_by: "Bob", resolution_data: { note: "Not\nhim." } };
  no = await decided(said, { user_id: user });
});

test("a decision is listed with its tool, its agent, who took it, when, and what came of the call", async () => {
  const page = await seen({ user_id: user, status: "approved" });
  expect(idsOf(page)).toEqual([yes.id]);
  expect(page.texts["h1"]).toEqual(["History"]);
  const [entry = ""] = page.texts["li"] ?? [];
  expect(entry).toContain(`delete_user_data by Tester, for ${user}`);
  expect(entry).toMatch(/Approved by Ann, (just now|\d+ minutes? ago)/);
  expect(entry).toContain("The call: succeeded");
  expect(page.elements.filter(({ tag }) => tag === "time").map((one) => one.attributes)).toEqual([
    {
      datetime: new Date(Number(yes.resolved_at) * 1000).toISOString(),
      title: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
    },
  ]);
  expect(page.elements).toContainEqual({
    tag: "a",
    attributes: { href: "/panel/history", "aria-current": "page" },
  });
});

test("first comes all that has ended, whatever its end, the newest first", async () => {
  const who = unique("mia");
  const approved = await decided({ status: "approved", resolved_by: "Ann" }, { user_id: who });
  const gone = await call("delete_user_data", { user_id: "u" }, { user_id: who });
  const { id: goneId } = await pending(gone.run_id);
  await http("POST", `/agents/tester/runs/${gone.run_id}/cancel`);
  const rejected = await decided({ status: "rejected", resolved_by: "Bob" }, { user_id: who });
  await call("delete_user_data", { user_id: "u" }, { user_id: who });
  const page = await seen({ user_id: who });
  expect(idsOf(page)).toEqual([rejected.id, goneId, approved.id]);
  expect(page.texts["p"]).toContain("3 ended, the newest first.");
  expect(page.texts["li"]?.map((text) => /Rejected|Cancelled|Approved/.exec(text)?.[0])).toEqual([
    "Rejected",
    "Cancelled",
    "Approved",
  ]);
  const tabs = linksOf(page).filter((link) => link.includes("status="));
  expect(tabs.slice(0, 5).map((link) => /status=(\w+)/.exec(link)?.[1])).toEqual([
    "all",
    "approved",
    "rejected",
    "expired",
    "cancelled",
  ]);
  expect(idsOf(await see(await http("GET", tabs[0] ?? "")))).toEqual(idsOf(page));
  expect(idsOf(await seen({ user_id: who, resolved_by: "Bob" }))).toEqual([rejected.id]);
});

test("what was rejected stands apart, with its note", async () => {
  const page = await seen({ user_id: user, status: "rejected" });
  expect(idsOf(page)).toEqual([no.id]);
  expect(page.texts["li"]?.[0]).toMatch(/Rejected by Bob, .*The call: rejectedNote: Not\nhim\.$/s);
  const current = page.elements.filter(({ attributes }) => attributes["aria-current"] === "page");
  expect(current.map(({ attributes }) => attributes["href"])).toEqual([
    "/panel/history",
    `/panel/history?user_id=${user}&status=rejected`,
  ]);
});

test("what lapsed and what was cancelled is listed, and what waits is not", async () => {
  const who = unique("eve");
  const lapsed = await call("refund", { amount: 5 }, { user_id: who });
  const gone = await call("delete_user_data", { user_id: "u" }, { user_id: who });
  const { id: lapsedId } = await pending(lapsed.run_id);
  const { id: goneId } = await pending(gone.run_id);
  await http("POST", `/agents/tester/runs/${gone.run_id}/cancel`);
  clock.move(5 * 3_600_000);
  try {
    await resolve(lapsedId, { status: "approved" });
    await settle(lapsed.run_id);
    const page = await seen({ user_id: who, status: "expired" });
    expect(page.texts["li"]?.[0]).toContain("Expired: nobody decided in time, ");
    expect(idsOf(page)).toEqual([lapsedId]);
  } finally {
    clock.move(-5 * 3_600_000);
  }
  expect(idsOf(await seen({ user_id: who, status: "cancelled" }))).toEqual([goneId]);
  await call("delete_user_data", { user_id: "u" }, { user_id: who });
  const none = await seen({ user_id: who, status: "approved" });
  expect(idsOf(none)).toEqual([]);
  expect(none.texts["p"]?.join()).toContain("Nothing here was approved.");
  expect((await history({ status: "pending" })).status).toBe(422);
});

test.each<[string, (record: ApprovalRecord) => Record<string, string>, boolean]>([
  ["tool", () => ({ tool_name: "delete_user_data" }), true],
  ["another tool", () => ({ tool_name: "refund" }), false],
  ["agent", () => ({ agent_id: "tester" }), true],
  ["another agent", () => ({ agent_id: "short" }), false],
  ["who decided", () => ({ resolved_by: "Ann" }), true],
  ["another who decided", () => ({ resolved_by: "Bob" }), false],
  ["text", ({ id }) => ({ q: id }), true],
  ["another text", () => ({ q: "nothing has this in it" }), false],
  ["day", ({ created_at }) => ({ created_after: dayOf(created_at) }), true],
  ["later day", ({ created_at }) => ({ created_after: dayOf(created_at + 86_400) }), false],
  ["day before", ({ created_at }) => ({ created_before: dayOf(created_at + 86_400) }), true],
  ["that day", ({ created_at }) => ({ created_before: dayOf(created_at) }), false],
  ["fields left empty", () => ({ tool_name: "", q: "", created_after: "" }), true],
])("a filter by %s finds what fits, and shows again what was asked", async (_, filter, fits) => {
  const asked = { user_id: user, status: "approved", ...filter(yes) };
  const page = await seen(asked);
  expect(idsOf(page)).toEqual(fits ? [yes.id] : []);
  for (const [name, text] of Object.entries(asked)) {
    const input = page.elements.find(({ attributes }) => attributes["name"] === name);
    expect([name, input?.attributes["value"]]).toEqual([name, text]);
  }
  // What is hidden in the form keeps the tab.
  expect(page.elements).toContainEqual({
    tag: "input",
    attributes: { type: "hidden", name: "status", value: "approved" },
  });
});

test.each([
  ["created_after", "soon", "Give a day, as in 2026-11-01."],
  ["created_before", "2026-02-31", "Give a day, as in 2026-11-01."],
  ["q", "x".repeat(201), "Too big"],
])("a filter %s of %j is shown again beside what is wrong with it", async (name, text, why) => {
  const answer = await history({ [name]: text, tool_name: "refund" });
  expect(answer.status).toBe(422);
  const page = await see(answer);
  const input = page.elements.find(({ attributes }) => attributes["name"] === name);
  expect(input?.attributes).toMatchObject({ value: text, "aria-invalid": "true" });
  expect(page.texts["p"]?.filter((said) => said.includes(why))).toHaveLength(1);
  const tool = page.elements.find(({ attributes }) => attributes["name"] === "tool_name");
  expect(tool?.attributes["value"]).toBe("refund");
});

test(
  "the pages lead from the newest to the oldest, each decision on one of them",
  { timeout: 60_000 },
  async () => {
    const who = unique("many");
    const ids: string[] = [];
    for (let n = 0; n < 53; n++)
      ids.unshift((await decided({ status: "rejected" }, { user_id: who })).id);
    const first = await seen({ user_id: who, status: "rejected" });
    expect(first.texts["p"]).toContain("53 rejected, the newest first.");
    const older = linksOf(first).find((link) => link.includes("cursor="));
    const second = await see(await http("GET", older ?? ""));
    expect([idsOf(first).length, idsOf(second).length]).toEqual([50, 3]);
    expect(new Set([...idsOf(first), ...idsOf(second)])).toEqual(new Set(ids));
    expect(linksOf(second).filter((link) => link.includes("cursor="))).toEqual([]);
    expect(linksOf(second)).toContain(`/panel/history?user_id=${who}&status=rejected`);
    // A cursor is of its filters alone.
    const cursor = new URL(older ?? "", "http://localhost").searchParams.get("cursor") ?? "";
    const other = await history({ status: "approved", user_id: who, cursor });
    expect([other.status, (await see(other)).texts["p"]?.slice(1)]).toEqual([
      422,
      [expect.stringContaining("The cursor is of a list with other filters")],
    ]);
  },
);

test.each(["x", "W10", "", "%00", "1".repeat(5000)])(
  "the cursor %j is refused, or none",
  async (cursor) => {
    const answer = await history({ cursor, user_id: user });
    expect(answer.status).toBe(cursor === "" ? 200 : 422);
    const { texts } = await see(answer);
    if (cursor !== "") expect(texts["p"]?.join()).toContain("The cursor cannot be read");
  },
);

test("people who see only their own find theirs, and not what others asked for", async () => {
  const key = await signingKey("k");
  const visit = doorWith({ jwt: { issuer, audience, keys: key.jwk }, isolateUsers: true });
  const tokenOf = async (sub: string, scope: string) => key.sign(claimsOf(sub, { scope }));
  const ann = await tokenOf(unique("ann"), "agents:run approvals:read");
  const bob = await tokenOf(unique("bob"), "approvals:read");
  const message = script({ calls: [{ name: "delete_user_data", args: { user_id: "u" } }] });
  const body = sending({ message, stream: false }, ann);
  const { run_id } = await (
    await visit("POST", "/agents/tester/runs", body)
  ).json<{
    run_id: string;
  }>();
  const { id } = await pending(run_id);
  await resolve(id, { status: "rejected" });
  const listed = async (token: string, query = "") =>
    see(await visit("GET", `/panel/history?status=rejected${query}`, { token }));
  const own = await listed(ann);
  expect(idsOf(own)).toEqual([id]);
  expect(own.elements.filter(({ attributes }) => attributes["name"] === "user_id")).toEqual([]);
  expect(idsOf(await listed(bob))).toEqual([]);
  const foreign = await visit("GET", "/panel/history?user_id=mia", { token: bob });
  expect(foreign.status).toBe(403);
  expect((await see(foreign)).texts["p"]).toContain("The user_id is not your own: leave it out.");
  const nobody = await tokenOf(unique("eve"), "agents:run");
  expect((await visit("GET", "/panel/history", { token: nobody })).status).toBe(403);
});

test.each([
  `"><script>alert(1)</script>`,
  `</li></ul><form action="https://evil.com"><button>Approve</button></form>`,
  `' onmouseover='alert(1)`,
])("neither a decision nor a filter becomes a part of the page: %s", async (text) => {
  const pageWith = async (given: string) => {
    const who = `${given}${unique("w")}`;
    const data = { note: given, [given]: given };
    const decision = { status: "rejected", resolved_by: given, resolution_data: data };
    await decided(decision, { user_id: who }, given);
    return seen({ status: "rejected", user_id: who, resolved_by: given, q: given.slice(0, 200) });
  };
  const [plain, hostile] = [await pageWith("plain"), await pageWith(text)];
  expect(idsOf(hostile)).toHaveLength(1);
  expect(skeleton(hostile)).toEqual(skeleton(plain));
  expect(hostile.texts["li"]?.[0]).toContain(`Rejected by ${text}, `);
  for (const link of linksOf(hostile)) expect(link).toMatch(/^\/panel/);
});

test("what cannot be seen is spelled out", async () => {
  const who = unique("bidi");
  const text = "Ann\u202Enna\u200B";
  const data = { note: text };
  await decided({ status: "approved", resolved_by: text, resolution_data: data }, { user_id: who });
  const [entry = ""] = (await seen({ user_id: who })).texts["li"] ?? [];
  expect(entry).toContain(String.raw`by Ann\u{202E}nna\u{200B}`);
  expect(entry).toContain(String.raw`Note: Ann\u{202E}nna\u{200B}`);
});

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
