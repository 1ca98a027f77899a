import { expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { whoAsks } from "../../src/panel/who-asks.ts";
import { approvalRecord } from "../db/rows.ts";
import { ask, get, pending, settle, start } from "../client.ts";
import { http, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, sending, signingKey } from "../os/issuer.ts";
import { effects, script } from "../world.ts";
import { press, see } from "./page.ts";

const own = { origin: "http://localhost" };
const call = (name: string, args: unknown, fields: Record<string, unknown> = {}) =>
  start(script({ calls: [{ name, args }] }, { text: "Done." }), fields);
const waiting = async (fields: Record<string, unknown> = {}): Promise<ApprovalRecord> =>
  pending((await call("delete_user_data", { user_id: unique("u") }, fields)).run_id);
const linksOf = async (path: string): Promise<string[]> => {
  const { elements } = await see(await http("GET", path));
  return elements.flatMap(({ attributes }) => attributes["href"] ?? []);
};
const pathOf = ({ id }: ApprovalRecord) => `/panel/approvals/${id}`;
const send = (path: string, fields: [string, string][], headers: Record<string, string> = own) =>
  http("POST", path, { body: new URLSearchParams(fields), headers });

test("the list is narrowed by what the address says, and goes on where a page ends", async () => {
  const user = unique("mia");
  const all: ApprovalRecord[] = [];
  for (let n = 0; n < 52; n++) all.push(await waiting({ user_id: user }));
  const soon = await pending((await call("refund", { amount: 5 }, { user_id: user })).run_id);
  all.push(soon);
  const first = await linksOf(`/panel?user_id=${user}`);
  const older = first.find((href) => href.includes("cursor="));
  expect(first.filter((href) => href.startsWith("/panel/approvals/"))).toHaveLength(50);
  expect(first.find((href) => href.startsWith("/panel/approvals/"))).toBe(pathOf(soon));
  // What is decided meanwhile takes nothing from the next page.
  await ask("POST", `/approvals/${soon.id}/resolve`, { status: "rejected" });
  const second = await linksOf(older ?? "");
  expect(second).toContain(`/panel?status=pending&user_id=${user}`);
  expect(second.filter((href) => href.includes("cursor="))).toEqual([]);
  const shown = [...first, ...second].filter((href) => href.startsWith("/panel/approvals/"));
  expect(shown.toSorted()).toEqual(all.map(pathOf).toSorted());
  const text = String(all[7]?.tool_args["user_id"]);
  const found = await linksOf(`/panel?q=${text}`);
  expect(found.filter((href) => href.startsWith("/panel/approvals/"))).toEqual([
    pathOf(all[7] as ApprovalRecord),
  ]);
  const nothing = await see(await http("GET", `/panel?user_id=${unique("nobody")}`));
  expect(nothing.texts["p"]?.join(" ")).toContain("Nothing fits.");
  for (const query of ["cursor=x", "cursor=1.", "cursor=1e3.a", "status=approved&cursor=never.a"])
    expect((await http("GET", `/panel?${query}`)).status).toBe(422);
  expect((await http("GET", "/panel?status=lost")).status).toBe(422);
}, 60_000);

test("what lapses first is on top, and each row says how long it has", async () => {
  const user = unique("mia");
  const week = await waiting({ user_id: user });
  const soon = await pending((await call("refund", { amount: 5 }, { user_id: user })).run_id);
  const links = await linksOf(`/panel?user_id=${user}`);
  const shown = links.filter((href) => href.startsWith("/panel/approvals/"));
  expect(shown).toEqual([pathOf(soon), pathOf(week)]);
  const { texts } = await see(await http("GET", `/panel?user_id=${user}`));
  expect(texts["li"]?.map((text) => /\d+ \w+ left/.exec(text)?.[0])).toEqual([
    "4 h left",
    "7 days left",
  ]);
});

test("each row says who asks for what, at what risk, and how far the votes have come", async () => {
  const user = unique("mia");
  const args = { amount: 5, to: "bob" };
  const { run_id } = await call("pay_by_three_of_five", args, { user_id: user });
  const { id } = await pending(run_id);
  const row = async () => (await see(await http("GET", `/panel?user_id=${user}`))).texts["li"]?.[0];
  expect(await row()).toMatch(
    new RegExp(
      `^pay_by_three_of_five by Tester\\{"amount":5,"code":"","to":"bob"\\}For ${user} · .* · 7 days left · 0 of 3 votes$`,
    ),
  );
  const key = await signingKey("k");
  const visit = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  for (const [sub, status] of [
    ["ann", "approved"],
    ["bob", "approved"],
    ["bob", "rejected"],
  ]) {
    const token = await key.sign(claimsOf(sub ?? "", { scope: "approvals:write" }));
    await visit("POST", `/approvals/${id}/resolve`, sending({ status }, token));
  }
  expect(await row()).toContain(" · 1 of 3 votes, 1 of 2 against");
  const risky = unique("mia");
  await call("pay_by_finance", { amount: 5 }, { user_id: risky });
  const { texts } = await see(await http("GET", `/panel?user_id=${risky}`));
  expect(texts["li"]?.[0]).toMatch(/^pay_by_finance by Testerhigh risk/);
});

test("a member of a team is named with its team, and a team alone", () => {
  expect(whoAsks(approvalRecord({ team_id: "crew\u202E" }))).toBe(
    String.raw`Data Manager in crew\u{202E}`,
  );
  const ofTeam = { agent_id: null, team_id: "crew", source_name: null };
  expect(whoAsks(approvalRecord(ofTeam))).toBe("crew");
});

test("of arguments that do not fit a row something of each is shown, and they are decided on their own page", async () => {
  const user = unique("mia");
  await call("pay_when", { amount: 7, to: "x".repeat(500), code: "z9" }, { user_id: user });
  const { elements, texts } = await see(await http("GET", `/panel?user_id=${user}`));
  const [row = ""] = texts["li"] ?? [];
  expect(row).toMatch(/"amount":7, "code":"z9", "to":"x{10,100}…/);
  expect(row).toContain("There is more: open it to see all, and to decide.");
  expect(elements.filter(({ attributes }) => attributes["name"] === "id")).toEqual([]);
});

test("people who see only their own find theirs listed and counted, and nothing else", async () => {
  const key = await signingKey("k");
  const visit = doorWith({ jwt: { issuer, audience, keys: key.jwk }, isolateUsers: true });
  const tokenOf = async (sub: string) =>
    key.sign(claimsOf(sub, { scope: "agents:run approvals:read" }));
  const [ann, bob] = [await tokenOf(unique("ann")), await tokenOf(unique("bob"))];
  const message = script({ calls: [{ name: "delete_user_data", args: { user_id: "u" } }] });
  const ids: string[] = [];
  for (let n = 0; n < 2; n++) {
    const answer = await visit(
      "POST",
      "/agents/tester/runs",
      sending({ message, stream: false }, ann),
    );
    ids.push((await pending((await answer.json<{ run_id: string }>()).run_id)).id);
  }
  await ask("POST", `/approvals/${ids[1]}/resolve`, { status: "rejected" });
  const listed = async (token: string, query = "") => {
    const { elements, texts } = await see(await visit("GET", `/panel${query}`, { token }));
    const links = elements.flatMap(({ attributes }) => attributes["href"] ?? []);
    const [title] = texts["h1"] ?? [];
    return [title, links.filter((href) => href.startsWith("/panel/approvals/"))];
  };
  const own = [`/panel/approvals/${ids[0]}`];
  expect(await listed(ann)).toEqual(["1 approval is waiting", own]);
  expect(await listed(ann, "?cursor=1.a&q=delete")).toEqual(["1 approval is waiting", own]);
  expect(await listed(bob)).toEqual(["0 approvals are waiting", []]);
  expect(await listed(bob, "?q=delete")).toEqual(["0 approvals are waiting", []]);
  expect((await visit("GET", "/panel?user_id=mia", { token: bob })).status).toBe(403);
});

test("several are decided at once, each with its own answer, and one that fails keeps none of the others", async () => {
  const [one, two, taken] = [await waiting(), await waiting(), await waiting()];
  await ask("POST", `/approvals/${taken.id}/resolve`, { status: "rejected" });
  const answer = await send("/panel/batch", [
    ["id", one.id],
    ["id", taken.id],
    ["id", two.id],
    ["id", two.id],
    ["id", "apr_nothing"],
    ["decision", "approved"],
    ["resolved_by", "Ann"],
  ]);
  expect(answer.status).toBe(200);
  const { texts } = await see(answer);
  expect(texts["h1"]).toEqual(["2 of 4 approved"]);
  const said = texts["li"]?.join("\n") ?? "";
  expect(said).toContain("Approval is already 'rejected' and cannot be resolved");
  expect(said).toContain("Approval not found");
  for (const { id, run_id } of [one, two]) {
    await settle(run_id);
    expect(await get(`/approvals/${id}`)).toMatchObject({ status: "approved", resolved_by: "Ann" });
    expect(effects.filter(({ runId }) => runId === run_id)).toHaveLength(1);
  }
});

test("a batch of nothing, of too many, or from another page decides nothing", async () => {
  const one = await waiting();
  const many = Array.from({ length: 101 }, (_, n): [string, string] => ["id", `apr_${n}`]);
  const yes: [string, string] = ["decision", "approved"];
  expect((await send("/panel/batch", [yes])).status).toBe(422);
  expect((await send("/panel/batch", [["id", one.id], ...many, yes])).status).toBe(422);
  expect((await send("/panel/batch", [["id", one.id]])).status).toBe(422);
  const foreign = { origin: "https://evil.example" };
  const refused = await send("/panel/batch", [["id", one.id], yes], foreign);
  expect([403, 503]).toContain(refused.status);
  expect(await get(`/approvals/${one.id}`)).toMatchObject({ status: "pending" });
});

test("the arguments that may be changed are changed on the page, and those that are left so stay so", async () => {
  const run = await call("pay_edited", { amount: 5, to: "bob" });
  const { id } = await pending(run.run_id);
  const page = await see(await http("GET", `/panel/approvals/${id}`));
  const input = page.elements.find(({ attributes }) => attributes["name"] === "edit-amount");
  expect(input?.tag).toBe("textarea");
  expect(page.texts["textarea"]).toContain("5");
  const wrong = await press(id, { decision: "approved", "edit-amount": "five" });
  expect(wrong.status).toBe(422);
  expect((await see(wrong)).texts["textarea"]).toContain("five");
  const pressed = await press(id, { decision: "approved", "edit-amount": "4", resolved_by: "Ann" });
  expect(pressed.status).toBe(303);
  await settle(run.run_id);
  expect(effects.filter(({ runId }) => runId === run.run_id).map(({ args }) => args)).toEqual([
    { amount: 4, to: "bob", code: "" },
  ]);
  const same = await call("pay_edited", { amount: 6, to: "bob" });
  const next = await pending(same.run_id);
  const { texts } = await see(await http("GET", `/panel/approvals/${next.id}`));
  expect(texts["dd"]?.some((text) => text.includes("4") && text.includes("6"))).toBe(true);
  await press(next.id, { decision: "approved", "edit-amount": "6" });
  await settle(same.run_id);
  expect(effects.find(({ runId }) => runId === same.run_id)?.args).toMatchObject({ amount: 6 });
  expect(await get(`/approvals/${next.id}`)).toMatchObject({ resolution_data: null });
});

test("an approval is given more time on its page, and never less", async () => {
  const run = await call("refund", { amount: 5 });
  const one = await pending(run.run_id);
  const extend = (hours: string) => send(`/panel/approvals/${one.id}/extend`, [["hours", hours]]);
  expect((await extend("24")).status).toBe(303);
  const { expires_at } = await get<ApprovalRecord>(`/approvals/${one.id}`);
  expect((expires_at ?? 0) - (one.expires_at ?? 0)).toBeGreaterThan(19 * 3600);
  const less = await extend("4");
  expect(less.status).toBe(422);
  expect((await see(less)).texts["p"]?.join(" ")).toContain("more time, not less");
  for (const hours of ["", "x", "-1", "1e9"]) expect((await extend(hours)).status).toBe(422);
});
