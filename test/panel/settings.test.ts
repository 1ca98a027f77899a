import { afterEach, beforeAll, expect, test } from "vitest";
import { bindings, pending, resolve, settle, start } from "../client.ts";
import { db, query } from "../database.ts";
import { http, type Question, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { effects, script } from "../world.ts";
import { see, type Seen, skeleton } from "./page.ts";

const base = "/panel/settings";
const [switches, keys] = [`${base}/kill-switch`, `${base}/keys`];
const own = { origin: "http://localhost" };
const post = (path: string, fields: Record<string, string>, question: Question = {}) =>
  http("POST", path, { body: new URLSearchParams(fields), headers: own, ...question });
const look = async (path: string) => {
  const answer = await http("GET", path);
  expect(answer.status).toBe(200);
  return see(answer);
};
const linksOf = ({ elements }: Seen) =>
  elements.flatMap(({ attributes }) => attributes["href"] ?? []);
const valueOf = ({ elements }: Seen, name: string) =>
  elements.find(({ attributes }) => attributes["name"] === name)?.attributes["value"];
const textOf = ({ texts }: Seen, tag: string) => texts[tag]?.join("\n") ?? "";

afterEach(async () => {
  for (const { id, is_on } of await db.connect(bindings).switches.list())
    if (is_on) await post(switches, { id, turn: "unpause" });
});

test("every agent and team is shown with its model, and each tool with its policy in words", async () => {
  const page = await look(base);
  expect(page.texts["h1"]).toEqual(["Agents and tools"]);
  expect(page.texts["dd"]).toEqual(
    expect.arrayContaining(["tester", "crew", "clerk", "gpt-4o-mini, OpenAI"]),
  );
  const cardOf = (name: string) =>
    page.texts["li"]?.find(
      (text) => text.startsWith(`${name}Wait`) || text.startsWith(`${name}Run`),
    );
  const finance = cardOf("pay_by_finance") ?? "";
  for (const words of [
    "Waits for an approver to confirm it.",
    "Asked forEvery call",
    "Who decides1 of group:finance, boss@example.com, scope:payments, not the requester",
    "Riskhigh",
    "Expires in1 hour, then the call is refused",
    "Use within1 day of the decision",
    "Reasons to rejecttoo much, wrong account",
    "Remindersafter 10 minutes, 20 minutes",
    "Escalationafter 30 minutes also group:leads",
  ])
    expect(finance).toContain(words);
  const coded = cardOf("pay_when") ?? "";
  expect(coded).toContain("Asked forDecided by code");
  expect(coded).toContain("Who decides1 of people decided by code, not the requester");
  expect(coded).toContain("PreviewDecided by code");
  expect(coded).toContain("May be changedamount, to");
  expect(cardOf("pay_by_two")).toContain("Who decides2 people who may decide, not the requester");
  expect(cardOf("pay_by_three_of_five")).toContain("2 rejections are needed");
  expect(cardOf("pay_by_self")).toContain("Who decideswhoever may decideExpires");
  expect(cardOf("pay_surely")).toContain("by slack at least");
  expect(cardOf("pay_or_stop")).toContain("then the run is cancelled");
  expect(cardOf("pay_secretly")).toContain("Shown to nobodycode");
});

test.each([
  ["Waits for an approver to fill in account.", "pay_out"],
  ["Waits for an approver to do it and hand in the result.", "call_bank"],
  ["Waits for the run's own user to do it and hand in the result.", "ask_lab"],
  ["Waits for the run's own user to confirm it.", "rename"],
  ["Runs without asking, and a record of it is left.", "notify"],
  ["Runs without asking.", "fail"],
])("'%s' is said of %s", async (words, name) => {
  const { texts } = await look(base);
  const cards = texts["li"]?.filter((text) => text.startsWith(name) && text.includes(words));
  expect(cards?.length).toBeGreaterThan(0);
});

test("an agent is paused by a form with a reason, held calls say so, and it is unpaused the same way", async () => {
  const run = await start(
    script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }),
  );
  const { id } = await pending(run.run_id);
  const pressed = await post(switches, {
    id: "tester",
    turn: "pause",
    reason: " It went <b>wild. ",
  });
  expect([pressed.status, pressed.headers.get("location")]).toEqual([303, switches]);
  const page = await look(switches);
  const card = page.texts["li"]?.find((text) => text.startsWith("Tester"));
  expect(card).toMatch(/^Tester \(agent\)Paused, by anonymous, .*It went <b>wild\.Unpause Tester$/);
  await resolve(id, { status: "approved" });
  const effectsOf = () => effects.filter(({ runId }) => runId === run.run_id);
  expect(effectsOf()).toEqual([]);
  expect((await post(switches, { id: "tester", turn: "unpause" })).status).toBe(303);
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effectsOf()).toHaveLength(1);
  expect(textOf(await look(switches), "button")).toContain("Pause Tester");
});

test("while everything is paused each page of the settings says so, and why, and then no more", async () => {
  const pages = [base, switches, keys, `${base}/sign-in`];
  await post(switches, { id: "*", turn: "pause", reason: "Fire drill\u202E" });
  const words = String.raw`Everything was paused by anonymous: Fire drill\u{202E}. No gated call starts.`;
  for (const path of pages) {
    const page = await look(path);
    expect([path, textOf(page, "p")]).toEqual([path, expect.stringContaining(words)]);
  }
  expect(textOf(await look(switches), "button")).toContain("Unpause everything");
  await post(switches, { id: "*", turn: "unpause" });
  for (const path of pages) expect(textOf(await look(path), "p")).not.toContain("was paused");
});

test("a reason that is too long is shown again, at its own switch, and nothing is paused", async () => {
  const reason = "x".repeat(501);
  const answer = await post(switches, { id: "tester", turn: "pause", reason });
  expect(answer.status).toBe(422);
  const page = await see(answer);
  const invalid = page.elements.filter(({ attributes }) => "aria-invalid" in attributes);
  expect(invalid.map(({ attributes }) => attributes["value"])).toEqual([reason]);
  expect(textOf(page, "p")).toContain("Too big");
  expect(await db.connect(bindings).switches.list()).not.toContainEqual(
    expect.objectContaining({ id: "tester", is_on: true }),
  );
  expect((await post(switches, { id: "nobody", turn: "pause" })).status).toBe(404);
  expect((await post(switches, { id: "tester", turn: "other" })).status).toBe(422);
  expect((await post(switches, { id: "tester" })).status).toBe(422);
});

const fields = {
  name: "shop",
  "scope-approvals:read": "on",
  scopes: "agents:tester:read,\r\n agents:short:read",
  groups: "bots, night shift",
  expires_in: "2h",
};

test("a key is shown once, on the answer to its form, and does what it was made for", async () => {
  const name = unique("shop");
  const made = await post(keys, { ...fields, name });
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const page = await see(made);
  const [key = ""] = page.texts["pre"] ?? [];
  expect(key).toMatch(/^kern_\w{8}_\w{56}$/);
  expect(textOf(page, "p")).toContain("it is shown this once");
  const [row] = await query("SELECT * FROM api_keys WHERE id = ?", key.slice(5, 13));
  expect(JSON.parse(String(row?.["scopes"]))).toEqual([
    "approvals:read",
    "agents:tester:read",
    "agents:short:read",
  ]);
  expect(JSON.parse(String(row?.["groups"]))).toEqual(["bots", "night shift"]);
  const headers = { authorization: `Bearer ${key}` };
  expect((await http("GET", "/approvals?limit=1", { headers })).status).toBe(200);
  const secret = key.slice(14, -4);
  for (const path of [keys, base, switches, `${base}/sign-in`])
    expect(await (await http("GET", path)).text()).not.toContain(secret);
  const listed = await look(keys);
  const card = listed.texts["li"]?.find((text) => text.startsWith(name));
  expect(card).toContain(`…${key.slice(-4)} Expires in `);
  expect(card).toContain("Scopesapprovals:read, agents:tester:read, agents:short:read");
  const revoked = await post(`${keys}/revoke`, { key_id: key.slice(5, 13) });
  expect([revoked.status, revoked.headers.get("location")]).toEqual([303, keys]);
  expect((await http("GET", "/approvals?limit=1", { headers })).status).toBe(401);
  const after = await look(keys);
  expect(after.texts["li"]?.find((text) => text.startsWith(name))).toContain("Revoked just now");
  expect(textOf(after, "button")).not.toContain(`Revoke ${name} for good`);
});

test("a key lasts 90 days unless something else is said, and for ever only where that is said", async () => {
  expect(valueOf(await look(keys), "expires_in")).toBe("90d");
  const name = unique("endless");
  expect((await post(keys, { ...fields, name, endless: "on" })).status).toBe(201);
  const [row] = await query("SELECT expires_at_ms FROM api_keys WHERE name = ?", name);
  expect(row?.["expires_at_ms"]).toBeNull();
  expect((await post(`${keys}/revoke`, { key_id: "nothing" })).status).toBe(404);
});

test.each<[string, Record<string, string>, string, string]>([
  ["no name", { name: "  " }, "name", "The name must not be empty."],
  ["a name that hides characters", { name: "sh\u202Eop" }, "name", "characters that nobody sees"],
  [
    "a scope that there is not",
    { scopes: "approvals:eat" },
    "scopes",
    "approvals:eat: There is no",
  ],
  ["an expiry that is no time", { expires_in: "soon" }, "expires_in", "Give a number with a unit"],
  ["no expiry", { expires_in: "" }, "expires_in", "Give a number with a unit"],
  [
    "rights to run and to decide",
    { "scope-agents:run": "on", "scope-approvals:write": "on" },
    "scopes",
    "A key that runs agents cannot decide",
  ],
  [
    "a group that hides characters",
    { groups: "a\u200Bb" },
    "groups",
    "characters that nobody sees",
  ],
])(
  "a key with %s is not made: the reason stands at its field, and nothing typed is lost",
  async (_, wrong, name, why) => {
    const asked: Record<string, string> = { ...fields, endless: "", ...wrong };
    if (name === "expires_in") delete asked["endless"];
    const before = await query("SELECT id FROM api_keys");
    const answer = await post(keys, asked);
    expect(answer.status).toBe(422);
    const page = await see(answer);
    const invalid = page.elements.filter(({ attributes }) => "aria-invalid" in attributes);
    expect(invalid.map(({ attributes }) => attributes["name"])).toEqual([name]);
    expect(page.texts["p"]?.filter((text) => text.includes(why))).toHaveLength(1);
    expect(await query("SELECT id FROM api_keys")).toHaveLength(before.length);
    for (const [field, text] of Object.entries(asked)) {
      const input = page.elements.find(({ attributes }) => attributes["name"] === field);
      if (/^scope-|^endless/.test(field)) expect(input?.attributes).toHaveProperty("checked");
      else if (field === "scopes")
        expect(page.texts["textarea"]).toEqual([text.replaceAll("\r\n", "\n")]);
      else expect(input?.attributes["value"]).toBe(text);
    }
  },
);

test("a key of no scope at all is not made", async () => {
  const answer = await post(keys, { name: "x", expires_in: "1d" });
  expect(answer.status).toBe(422);
  expect((await see(answer)).texts["p"]).toContain("Give one scope at least.");
});

test("every input has its label, and what describes it is there", async () => {
  const refused = await see(await post(keys, { name: "" }));
  for (const page of [await look(switches), await look(keys), refused]) {
    const all = (attribute: string) =>
      page.elements.flatMap(({ attributes }) => attributes[attribute] ?? []);
    expect(new Set(all("id")).size).toBe(all("id").length);
    for (const described of all("aria-describedby"))
      expect(all("id")).toEqual(expect.arrayContaining(described.split(" ")));
    for (const { attributes, tag } of page.elements) {
      if (!/^(input|textarea)$/.test(tag)) continue;
      if (attributes["type"] === "hidden" || attributes["type"] === "checkbox") continue;
      expect(all("for")).toContain(attributes["id"]);
    }
    const active = skeleton(page).filter((element) => /\b(script|style|on\w+)\b/.test(element));
    const own = /^script src defer$| data-script /;
    expect(active.filter((element) => !own.test(element))).toEqual([]);
  }
});

test("what somebody called a key or gave as a reason does not become a part of the page", async () => {
  const text = `"><script>alert(1)</script></li>`;
  const pagesWith = async (given: string) => {
    await post(switches, { id: "tester", turn: "pause", reason: given });
    const paused = await look(switches);
    await post(switches, { id: "tester", turn: "unpause" });
    const typed = { name: given, scopes: given, groups: given, expires_in: given };
    return [paused, await see(await post(keys, { ...fields, ...typed }))] as const;
  };
  const [plain, hostile] = [await pagesWith("plain"), await pagesWith(text)];
  expect(hostile.map(skeleton)).toEqual(plain.map(skeleton));
  const made = await see(await post(keys, { ...fields, name: text }));
  expect(made.texts["pre"]).toHaveLength(1);
  const list = await look(keys);
  const scripts = list.elements.filter(({ tag }) => tag === "script");
  expect(scripts.map(({ attributes }) => attributes["src"])).toEqual(["/panel/panel.js"]);
  expect(list.texts["li"]?.some((card) => card.startsWith(text))).toBe(true);
});

const canary = "sk-canary-51c7";
let visit: ReturnType<typeof doorWith>;
let admin = "";
let viewer = "";
let approver = "";
beforeAll(async () => {
  const key = await signingKey("kid-canary");
  const vars = {
    OS_SECURITY_KEY: canary,
    OS_SECURITY_KEY_PREVIOUS: "old-canary",
    OPENAI_API_KEY: "ai-canary",
  };
  visit = doorWith({ jwt: { issuer, audience, keys: key.jwk } }, vars);
  const groups = ["group\u202E<b>"];
  const tokenOf = async (sub: string, scope: string) => key.sign(claimsOf(sub, { scope, groups }));
  admin = await tokenOf("ann", "agent_os:admin");
  viewer = await tokenOf("vic", "config:read");
  approver = await tokenOf("bob", "approvals:read approvals:write");
});
const origin = "https://kern.example.com";
const form = { "content-type": "application/x-www-form-urlencoded", origin };

test("who is no admin is refused the admin's parts, and is not led there", async () => {
  const page = await see(await visit("GET", base, { token: viewer }));
  expect(linksOf(page)).toEqual(expect.arrayContaining([base, `${base}/sign-in`]));
  for (const path of [switches, keys]) {
    expect(linksOf(page)).not.toContain(path);
    expect((await visit("GET", path, { token: viewer })).status).toBe(403);
  }
  for (const [path, body] of [
    [switches, "id=*&turn=pause"],
    [keys, "name=x&scopes=agent_os:admin&expires_in=1d"],
    [`${keys}/revoke`, "key_id=x"],
  ] as const)
    expect([
      path,
      (await visit("POST", path, { token: viewer, headers: form, body })).status,
    ]).toEqual([path, 403]);
  expect((await visit("GET", base, { token: approver })).status).toBe(403);
  expect(linksOf(await see(await visit("GET", base, { token: admin })))).toEqual(
    expect.arrayContaining([switches, keys]),
  );
});

test("who is no admin is told that everything is paused, and not by whom", async () => {
  await post(switches, { id: "*", turn: "pause", reason: "A reason for few" });
  const page = await see(await visit("GET", base, { token: viewer }));
  expect(textOf(page, "p")).toContain("Everything was paused. No gated call starts.");
  expect(textOf(page, "p")).not.toMatch(/A reason for few|anonymous/);
  expect(linksOf(page)).not.toContain(switches);
});

test("a form from a page of another origin, or of none, is refused", async () => {
  for (const from of ["https://evil.com", "null", undefined]) {
    const headers = {
      "content-type": form["content-type"],
      ...(from !== undefined && { origin: from }),
    };
    for (const [path, body] of [
      [switches, "id=*&turn=pause"],
      [keys, "name=x&scopes=approvals:read&expires_in=1d"],
      [`${keys}/revoke`, "key_id=x"],
    ] as const)
      expect((await visit("POST", path, { token: admin, headers, body })).status).toBe(403);
  }
  expect(textOf(await look(base), "p")).not.toContain("was paused");
});

test("a person is told who they are, and how others come in, and nothing on any page is a secret", async () => {
  const page = await see(await visit("GET", `${base}/sign-in`, { token: admin }));
  expect(page.texts["dd"]).toEqual(
    expect.arrayContaining([
      `${issuer}|ann`,
      "person",
      "agent_os:admin",
      String.raw`group\u{202E}<b>`,
      "api",
    ]),
  );
  expect(page.texts["button"]).toEqual(["Sign out", "Keys", "Close"]);
  expect(page.texts["li"]).toEqual([
    "Whoever has the security key.",
    "Whoever has the previous security key, until it goes.",
    `Bearers of tokens (JWT) of ${issuer}`,
    "Services with an API key.",
  ]);
  for (const path of [base, switches, keys, `${base}/sign-in`, "/panel/history"]) {
    const answer = await visit("GET", path, { token: admin });
    expect(answer.status).toBe(200);
    expect(`${JSON.stringify([...answer.headers])}${await answer.text()}`).not.toContain("canary");
  }
});

test("who may not read the configuration is told who they are, and not how others come in", async () => {
  const page = await see(await visit("GET", `${base}/sign-in`, { token: approver }));
  expect(page.texts["dd"]).toContain("approvals:read, approvals:write");
  expect(page.texts["li"]).toEqual([]);
  expect(linksOf(page)).not.toContain(switches);
});

test("where nothing is set the page says who is served", async () => {
  const alone = await look(`${base}/sign-in`);
  expect(textOf(alone, "li")).toContain("Whoever is at this machine");
  const open = await see(await http("GET", `${base}/sign-in`, { vars: { KERN_AUTH: "none" } }));
  expect(textOf(open, "li")).toContain("Everybody, without signing in");
  const team = { ACCESS_TEAM: "acme", ACCESS_AUDIENCE: "aud-canary", OS_SECURITY_KEY: canary };
  const headers = { authorization: `Bearer ${canary}` };
  const access = await http("GET", `${base}/sign-in`, { vars: team, headers });
  const text = await access.text();
  expect(text).toContain("https://acme.cloudflareaccess.com");
  expect(text).not.toContain("canary");
});
