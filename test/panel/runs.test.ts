import { beforeAll, expect, test } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { approve, door, get, pending, read, settle, start } from "../client.ts";
import { http, unique } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { happening, script } from "../world.ts";
import { type Seen, see, skeleton } from "./page.ts";

const gated = (user_id = unique("u")) =>
  script(
    { text: "I will.", calls: [{ name: "delete_user_data", args: { user_id } }] },
    { text: "It is gone." },
  );
const page = async (path: string): Promise<Seen> => {
  const response = await http("GET", path);
  expect([path, response.status]).toEqual([path, 200]);
  return see(response);
};
const hrefs = ({ elements }: Seen) => elements.map(({ attributes }) => attributes["href"]);
const runsOn = (seen: Seen) =>
  hrefs(seen).flatMap((href) => /^\/panel\/runs\/(run_\w+)$/.exec(href ?? "")?.[1] ?? []);
const actions = ({ elements }: Seen) => elements.map(({ attributes }) => attributes["action"]);
const own = { origin: "http://localhost" };
const post = async (path: string, fields: Record<string, string> = {}, headers: object = own) =>
  http("POST", path, { body: new URLSearchParams(fields), headers: { ...headers } });

test("the list shows each run with its agent, first words, user, age and status, newest first", async () => {
  const user = unique("mia");
  const words = `${unique("please")} ${"word ".repeat(60)}`;
  const first = await start(words, { user_id: user });
  const second = await start(gated(), { user_id: user });
  const seen = await page("/panel/runs");
  expect(runsOn(seen).slice(0, 2)).toEqual([second.run_id, first.run_id]);
  const [newer, older] = seen.texts["li"]?.filter((text) => text.includes(user)) ?? [];
  expect(newer).toMatch(/^Tester: waiting for a person/);
  expect(older).toMatch(/^Tester: completed/);
  expect(older).toContain(`${words.slice(0, 120)}…For ${user} · just now`);
  const time = seen.elements.find(({ tag }) => tag === "time")?.attributes ?? {};
  expect(time["datetime"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(time["title"]).toBe(time["datetime"]?.replace("T", " ").replace(/\.\d+Z$/, " UTC"));
  const scripts = seen.elements.filter(({ tag }) => tag === "script");
  expect(scripts.map(({ attributes }) => attributes["src"])).toEqual(["/panel/panel.js"]);
});

test("filters narrow the list, stay chosen in the form, and what cannot be read narrows nothing", async () => {
  const paused = await start(gated());
  const done = await start("hello", {}, "short");
  const waiting = await page("/panel/runs?status=PAUSED&agent_id=");
  expect(runsOn(waiting)).toContain(paused.run_id);
  expect(runsOn(waiting)).not.toContain(done.run_id);
  const chosen = waiting.elements.filter(({ attributes }) => "selected" in attributes);
  expect(chosen.map(({ attributes }) => attributes["value"])).toEqual(["PAUSED"]);
  const short = await page("/panel/runs?agent_id=short&status=COMPLETED");
  expect(runsOn(short)).toContain(done.run_id);
  expect(runsOn(short)).not.toContain(paused.run_id);
  for (const query of ["status=x", "after=x", "after=1.%00", "after=99999999999999999.run_1"])
    expect(runsOn(await page(`/panel/runs?${query}`)).length).toBeGreaterThan(1);
});

test("where nothing fits, or nothing is left, the page says so and leads back", async () => {
  const none = await page("/panel/runs?agent_id=nobody");
  expect(none.texts["p"]).toContain("No run fits. See all of them");
  expect(none.texts["option"]).toContain("nobody");
  const behind = await page("/panel/runs?after=1.run_0");
  expect(behind.texts["p"]).toContain("There are no older runs.");
  expect(hrefs(behind)).toContain("/panel/runs");
});

test(
  "pages go on where the one before ended, with the same filter, and neither repeat nor miss a run",
  { timeout: 60_000 },
  async () => {
    const made: string[] = [];
    for (let n = 0; n < 53; n++) made.unshift((await start("hello", {}, "short")).run_id);
    const first = await page("/panel/runs?agent_id=short&status=COMPLETED");
    expect(runsOn(first)).toEqual(made.slice(0, 50));
    const older = hrefs(first).find((href) => href?.includes("after=")) ?? "";
    expect(older).toMatch(/^\/panel\/runs\?status=COMPLETED&agent_id=short&after=\d+\.run_\w+$/);
    await start("hello", {}, "short");
    const second = await page(older);
    expect(runsOn(second).slice(0, 3)).toEqual(made.slice(50));
    expect(hrefs(second)).toContain("/panel/runs?status=COMPLETED&agent_id=short");
  },
);

test("a run's page shows what was said and asked for, and leads to the approval that it waits for", async () => {
  const user = unique("u");
  const run = await start(gated(user), { user_id: "mia" });
  const { id } = await pending(run.run_id);
  const seen = await page(`/panel/runs/${run.run_id}`);
  expect(seen.texts["h1"]).toEqual(["Run of Tester"]);
  expect(seen.texts["dd"]).toEqual(
    expect.arrayContaining(["waiting for a person", "Tester", "mia", "anonymous"]),
  );
  expect(seen.texts["p"]).toEqual(expect.arrayContaining([run.messages[0]?.content, "I will."]));
  expect(seen.texts["pre"]).toEqual([JSON.stringify({ user_id: user }, null, 2)]);
  expect(hrefs(seen)).toContain(`/panel/approvals/${id}`);
  expect(seen.texts["li"]).toContain("delete_user_dataLook at it and decide");
  expect(actions(seen)).toContain(`/panel/runs/${run.run_id}/cancel`);
  for (const id of ["facts", "waits", "talk", "end"]) {
    const live = seen.elements.find(({ attributes }) => attributes["id"] === id);
    expect(live?.attributes).toHaveProperty("data-live");
    expect(live?.attributes).not.toHaveProperty("data-moving");
  }
  expect(seen.elements.filter(({ tag }) => tag === "noscript")).toEqual([]);
  expect(hrefs(await page(`/panel/approvals/${id}`))).toContain(`/panel/runs/${run.run_id}`);

  await approve(id);
  const after = await page(`/panel/runs/${run.run_id}`);
  expect(after.texts["dd"]).toContain("completed");
  expect(after.texts["pre"]).toContain(`All data for user ${user} has been deleted.`);
  const answers = (await (await http("GET", `/panel/runs/${run.run_id}`)).text()).split(
    "It is gone.",
  );
  expect(answers).toHaveLength(2);
  expect(after.texts["p"]).toContain("Written by Tester, not by a person:");
  expect(after.texts["button"]).toEqual(["Keys", "Close"]);
});

test("while a run moves its page is asked for again without script, and says so", async () => {
  const release = happening();
  const answer = async () => {
    await release.happened();
    return new Response("no", { status: 400 });
  };
  const message = script({ response: answer });
  const body = new URLSearchParams({ message, background: "true" });
  const { run_id } = await (await http("POST", "/agents/tester/runs", { body })).json<RunView>();
  const text = await (await http("GET", `/panel/runs/${run_id}`)).text();
  release.happens();
  expect(text).toMatch(
    /<head>.*<noscript><meta http-equiv="refresh" content="5"\/?><\/noscript>.*<\/head>/s,
  );
  expect(text).toContain("running</span>");
  expect(text).toContain(`data-moving="${run_id}"`);
  expect(await settle(run_id)).toMatchObject({ status: "ERROR" });
  const failed = await page(`/panel/runs/${run_id}`);
  expect(failed.texts["dd"]).toContain("failed");
  expect(failed.elements.filter(({ tag }) => tag === "noscript")).toEqual([]);
});

test("a team's run leads to its members' runs and to what they wait for, and those lead back", async () => {
  const task = gated();
  const args = { member_id: "clerk", task };
  const message = script({ calls: [{ name: "delegate_task_to_member", args }] });
  const run = await start(message, {}, "crew", "teams");
  const [wait] = run.requirements;
  const member = wait?.member_run_id ?? "";
  const seen = await page(`/panel/runs/${run.run_id}`);
  expect(seen.texts["h1"]).toEqual(["Run of Crew"]);
  expect(seen.texts["li"]).toEqual(
    expect.arrayContaining([
      "delete_user_data of ClerkLook at it and decide",
      "Clerk has not answered yet",
    ]),
  );
  expect(hrefs(seen)).toEqual(
    expect.arrayContaining([
      `/panel/runs/${member}`,
      `/panel/approvals/${wait?.tool_execution.approval_id}`,
    ]),
  );
  const its = await page(`/panel/runs/${member}`);
  expect(hrefs(its)).toContain(`/panel/runs/${run.run_id}`);
  expect(its.texts["p"]).toContain(task);
  const listed = await page("/panel/runs?team_id=crew");
  expect(runsOn(listed)).toEqual(expect.arrayContaining([run.run_id, member]));
  expect(
    listed.texts["li"]?.some((text) => text.startsWith("Clerk: waiting for a person for Crew")),
  ).toBe(true);
});

const hostile = [
  `</pre></dd><script>alert(1)</script>`,
  `</textarea></form><form action="https://evil.com"><button>Approve</button>`,
  `"><img src=x onerror=alert(1)><meta http-equiv=refresh content=0>`,
  `pay \u202Eeva\u202C\u200B\u0007now`,
];
const spelled = (text: string) =>
  ["202E", "202C", "200B", "0007"].reduce(
    (left, hex) => left.replaceAll(String.fromCharCode(Number.parseInt(hex, 16)), `\\u{${hex}}`),
    text,
  );

test("nothing that a model or a client writes becomes a part of the page, or turns the text around it", async () => {
  const pagesOf = async (text: string) => {
    const user = `${text} ${unique("u")}`;
    const calls = [{ name: "look_up", args: { user_id: text } }];
    const run = await start(script({ text, calls }, { text: `${text}!` }), {
      user_id: user,
      session_id: `${text} ${unique("s")}`,
    });
    const message = `${text} ${unique("m")}`;
    const plain = await start(message, { user_id: user });
    const list = await page("/panel/runs");
    const entry = list.texts["li"]?.find((item) => item.includes(message.slice(-12))) ?? "";
    const detail = await page(`/panel/runs/${run.run_id}`);
    const asked = await page(`/panel/runs/${plain.run_id}`);
    const refused = await see(
      await post("/panel/try", { agent: "tester", message: " ", user_id: text }),
    );
    return { asked, detail, entry, message, refused, user };
  };
  const plain = await pagesOf("plain");
  for (const text of hostile) {
    const { asked, detail, entry, message, refused, user } = await pagesOf(text);
    expect(skeleton(detail)).toEqual(skeleton(plain.detail));
    expect(skeleton(asked)).toEqual(skeleton(plain.asked));
    expect(skeleton(refused)).toEqual(skeleton(plain.refused));
    expect(detail.texts["pre"]?.join()).not.toMatch(/[\u202E\u200B]/);
    expect(detail.texts["p"]).toContain(spelled(text));
    expect(detail.texts["dd"]).toContain(spelled(user));
    expect(asked.texts["p"]).toContain(spelled(message));
    expect(entry).toContain(`For ${spelled(user)}`);
    expect(entry).toContain(spelled(message));
  }
});

test("cancelling from the page ends the run and what waits in it, and can be pressed twice", async () => {
  const run = await start(gated());
  const { id } = await pending(run.run_id);
  const path = `/panel/runs/${run.run_id}/cancel`;
  for (let press = 0; press < 2; press++) {
    const pressed = await post(path);
    expect([pressed.status, pressed.headers.get("location")]).toEqual([
      303,
      `/panel/runs/${run.run_id}`,
    ]);
  }
  expect(await settle(run.run_id)).toMatchObject({ status: "CANCELLED" });
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "cancelled" });
  const seen = await page(`/panel/runs/${run.run_id}`);
  expect(seen.texts["p"]).toContain("The run was cancelled.");
  expect(seen.texts["button"]).toEqual(["Keys", "Close"]);
});

test("from Try it a message is one press away from a run, which waits, and leads to its approval", async () => {
  const choices = await page("/panel/try");
  expect(hrefs(choices)).toEqual(
    expect.arrayContaining(["/panel/try?agent=tester", "/panel/try?team=crew"]),
  );
  const form = await page("/panel/try?agent=tester");
  const hidden = form.elements.filter(({ attributes }) => attributes["type"] === "hidden");
  const fields = Object.fromEntries(
    hidden.map(({ attributes: { name = "", value = "" } }) => [name, value]),
  );
  expect(fields).toMatchObject({ agent: "tester" });
  const filled = { ...fields, message: gated(), user_id: "mia" };
  const started = await post("/panel/try", filled);
  const to = started.headers.get("location") ?? "";
  expect([started.status, to]).toEqual([303, expect.stringMatching(/^\/panel\/runs\/run_\w+$/)]);
  const runId = to.split("/").at(-1) ?? "";
  await settle(runId);
  expect(await read(runId)).toMatchObject({ user_id: "mia", requested_by: "anonymous" });
  const { id } = await pending(runId);
  expect(hrefs(await page(to))).toContain(`/panel/approvals/${id}`);
  // Pressed twice it starts one run, and with another message another one.
  expect((await post("/panel/try", filled)).headers.get("location")).toBe(to);
  const other = await post("/panel/try", { ...filled, message: gated() });
  expect(other.headers.get("location")).not.toBe(to);
});

test("the form begins with an example of the agent's, and offers the others", async () => {
  const text = async (query: string) => (await page(`/panel/try?${query}`)).texts["textarea"];
  expect(await text("agent=short")).toEqual(["Look u-1 up"]);
  expect(await text("agent=short&example=2")).toEqual(["Say <b>hello</b>"]);
  for (const example of ["0", "9", "x", "__proto__"])
    expect(await text(`agent=short&example=${example}`)).toEqual(["Look u-1 up"]);
  expect(await text("team=crew")).toEqual([""]);
  const { elements } = await page("/panel/try?agent=short");
  expect(elements).toContainEqual({
    tag: "a",
    attributes: { href: "/panel/try?agent=short&example=2" },
  });
});

test("a team is tried as an agent is", async () => {
  const started = await post("/panel/try", { team: "crew", message: "hello" });
  const runId = started.headers.get("location")?.split("/").at(-1) ?? "";
  expect(await settle(runId)).toMatchObject({ team_id: "crew", agent_id: null });
});

test("a message that cannot be sent is shown again, with the reason, and starts nothing", async () => {
  const answer = await post("/panel/try", { agent: "tester", message: " \r\n", user_id: "mia" });
  expect(answer.status).toBe(422);
  const seen = await see(answer);
  expect(seen.texts["p"]).toEqual(
    expect.arrayContaining(["Nothing was started: see below.", "The message must not be empty."]),
  );
  expect(seen.elements.find(({ tag }) => tag === "textarea")?.attributes).toMatchObject({
    "aria-invalid": "true",
    "aria-describedby": "message-hint-0 message-reason",
  });
  const kept = seen.elements.find(({ attributes }) => attributes["id"] === "user_id");
  expect(kept?.attributes["value"]).toBe("mia");
});

test("what is not there is told on a page", async () => {
  const { run_id } = await start("hello");
  for (const path of [
    `/panel/runs/${run_id.slice(0, -1)}u`,
    "/panel/runs/nothing",
    "/panel/try?agent=nobody",
    "/panel/try?agent=crew",
    "/panel/try?team=tester",
  ]) {
    const answer = await http("GET", path);
    expect([path, answer.status]).toEqual([path, 404]);
    expect((await see(answer)).texts["h1"]).toEqual(["Not found"]);
  }
  expect((await post("/panel/runs/nothing/cancel")).status).toBe(404);
  expect((await post("/panel/try", { message: "hello" })).status).toBe(422);
});

test("only who is signed in comes to these pages", async () => {
  const vars = { OS_SECURITY_KEY: "k" };
  for (const path of ["/panel/runs", "/panel/try"]) {
    const turned = await http("GET", path, { vars });
    expect([turned.status, turned.headers.get("location")]).toEqual([
      303,
      `/panel/sign-in?next=${encodeURIComponent(path)}`,
    ]);
  }
});

const base = "https://kern.example.com";
let tokenOf: (sub: string, ...scopes: string[]) => Promise<string>;
let ask: ReturnType<typeof doorWith>;
let isolated: ReturnType<typeof doorWith>;
beforeAll(async () => {
  const key = await signingKey("k");
  const jwt = { issuer, audience, keys: key.jwk };
  ask = doorWith({ jwt });
  isolated = doorWith({ jwt, isolateUsers: true });
  tokenOf = async (sub, ...scopes) => key.sign(claimsOf(sub, { scopes }));
});
const form = (fields: Record<string, string>, token: string) => ({
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", origin: base },
  token,
});

test("a page of another origin starts and cancels nothing, whatever the browser sends along", async () => {
  const { run_id } = await start(gated());
  const token = await tokenOf("ann", "agent_os:admin");
  const { body, headers } = form({ agent: "tester", message: unique("forged") }, token);
  for (const path of ["/panel/try", `/panel/runs/${run_id}/cancel`]) {
    for (const origin of ["https://evil.com", "null", "https://kern.example.com:81", undefined]) {
      const { origin: _own, ...others } = headers;
      const from = { ...others, ...(origin !== undefined && { origin }) };
      const answer = await ask("POST", path, { body, headers: from, token });
      expect([path, origin, answer.status]).toEqual([path, origin, 403]);
    }
  }
  expect(await read(run_id)).toMatchObject({ status: "PAUSED" });
  expect((await page("/panel/runs")).texts["li"]?.join()).not.toContain("forged");
});

test("who sees only their own sees no run of another's, in the list or by its address", async () => {
  const scopes = ["agents:read", "agents:run", "teams:read", "teams:run"];
  const [ann, bob] = [
    await tokenOf(unique("ann"), ...scopes),
    await tokenOf(unique("bob"), ...scopes),
  ];
  const startAs = async (token: string): Promise<string> => {
    const answer = await isolated(
      "POST",
      "/panel/try",
      form({ agent: "tester", message: gated() }, token),
    );
    expect(answer.status).toBe(303);
    return answer.headers.get("location")?.split("/").at(-1) ?? "";
  };
  const [hers, his] = [await startAs(ann), await startAs(bob)];
  await Promise.all([settle(hers), settle(his)]);
  // What nobody in particular has asked for is not theirs either.
  const claimed = await start(gated(), { user_id: "bob" });
  for (const [token, mine, others] of [
    [ann, hers, [his, claimed.run_id]],
    [bob, his, [hers, claimed.run_id]],
  ] as const) {
    const list = await see(await isolated("GET", "/panel/runs", { token }));
    expect(runsOn(list)).toEqual([mine]);
    expect((await isolated("GET", `/panel/runs/${mine}`, { token })).status).toBe(200);
    for (const other of others) {
      expect((await isolated("GET", `/panel/runs/${other}`, { token })).status).toBe(404);
      const cancel = await isolated("POST", `/panel/runs/${other}/cancel`, form({}, token));
      expect(cancel.status).toBe(404);
      expect((await door(other).view()).ok).toBe(true);
    }
  }
  expect(await read(hers)).toMatchObject({ status: "PAUSED" });
  const tried = await see(await isolated("GET", "/panel/try", { token: ann }));
  expect(tried.elements.filter(({ attributes }) => attributes["name"] === "user_id")).toEqual([]);
  const claim = form({ agent: "tester", message: "x", user_id: "bob" }, ann);
  expect((await isolated("POST", "/panel/try", claim)).status).toBe(403);
});

test("a grant for one agent or team shows its runs alone, and lets nobody cancel or start another's", async () => {
  const mine = await start(gated(), {}, "tester");
  const short = await start("hello", {}, "short");
  const crew = await start(gated(), {}, "crew", "teams");
  const ids = async (...held: string[]) => {
    const token = await tokenOf("ann", ...held);
    const answer = await ask("GET", "/panel/runs", { token });
    return answer.status === 200 ? runsOn(await see(answer)) : answer.status;
  };
  const listed = await ids("agents:short:read");
  expect(listed).toContain(short.run_id);
  expect(listed).not.toContain(mine.run_id);
  expect(listed).not.toContain(crew.run_id);
  expect(await ids("teams:crew:read")).toContain(crew.run_id);
  expect(await ids("teams:crew:read")).not.toContain(short.run_id);
  expect(await ids("agents:read")).toEqual(expect.arrayContaining([mine.run_id, short.run_id]));
  expect(await ids("agents:read")).not.toContain(crew.run_id);
  for (const held of [[], ["agents:run"], ["approvals:read"], ["agents:short:run"]])
    expect(await ids(...held)).toBe(403);

  const token = await tokenOf("ann", "agents:short:read", "agents:short:run", "agents:tester:read");
  const at = (path: string) => ask("GET", path, { token });
  expect((await at(`/panel/runs/${crew.run_id}`)).status).toBe(404);
  const seen = await see(await at(`/panel/runs/${mine.run_id}`));
  expect(actions(seen).filter(Boolean)).toEqual([]);
  const cancel = await ask("POST", `/panel/runs/${mine.run_id}/cancel`, form({}, token));
  expect(cancel.status).toBe(403);
  expect(await read(mine.run_id)).toMatchObject({ status: "PAUSED" });

  expect(
    hrefs(await see(await at("/panel/try"))).filter((href) => /try\?\w+=\w+$/.test(href ?? "")),
  ).toEqual(["/panel/try?agent=short"]);
  for (const [fields, status] of [
    [{ agent: "short", message: "hello" }, 303],
    [{ agent: "tester", message: "hello" }, 403],
    [{ team: "crew", message: "hello" }, 403],
    [{ agent: "nobody", message: "hello" }, 403],
  ] as const)
    expect((await ask("POST", "/panel/try", form(fields, token))).status).toBe(status);
  expect((await at("/panel/try?agent=tester")).status).toBe(403);
  const reader = await tokenOf("bob", "agents:read");
  expect((await ask("GET", "/panel/try", { token: reader })).status).toBe(403);
});
