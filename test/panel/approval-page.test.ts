import { expect, test } from "vitest";
import { evict, get, pending, resolve, ring, settle, start } from "../client.ts";
import { http } from "../os/http.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  jwksUrl,
  keyServer,
  sending,
  signingKey,
} from "../os/issuer.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { clock, type Line, script } from "../world.ts";
import { press, see, type Seen } from "./page.ts";

const pageOf = async (id: string) => see(await http("GET", `/panel/approvals/${id}`));
const asked = async (line: Line, fields: Record<string, unknown> = {}) =>
  pending((await start(script(line), fields)).run_id);
const call = (name: string, args: object) => ({ calls: [{ name, args }] });

/** What stands beside a term, and the addresses that links lead to by what they say. */
const factOf = ({ texts }: Seen, term: string) => texts["dd"]?.[texts["dt"]?.indexOf(term) ?? -1];
const linksOf = ({ elements, texts }: Seen) => {
  const hrefs = elements.flatMap(({ attributes, tag }) => (tag === "a" ? attributes["href"] : []));
  return hrefs.map((href, at): [string, string] => [texts["a"]?.[at] ?? "", href ?? ""]);
};

test("a member's call leads to the run of the team, of each team below it, and to its own conversation", async () => {
  const within = handing("clerk", {
    text: "I checked: u-9 asked for it.",
    calls: [{ name: "delete_user_data", args: { user_id: "u-9" } }],
  });
  const run = await lead({
    calls: [handing("middle", { calls: [handing("inner", { calls: [within] })] })],
  });
  const one = await pending(run.run_id);
  const lineage = one.context["lineage"] as { name: string; run_id: string }[];
  expect(lineage).toHaveLength(4);
  const page = await pageOf(one.id);
  expect(factOf(page, "From team to member")).toBe(lineage.map(({ name }) => name).join(" → "));
  expect(linksOf(page)).toEqual(
    expect.arrayContaining([
      ...lineage.map(({ name, run_id }) => [name, `/panel/runs/${run_id}`]),
      ["Read the conversation that led to this", `/panel/runs/${one.run_id}`],
    ]),
  );
  for (const { run_id } of lineage)
    expect((await http("GET", `/panel/runs/${run_id}`)).status).toBe(200);
  expect(page.texts["p"]).toContain("I checked: u-9 asked for it.");
  await resolve(one.id, { status: "rejected" });
  await settledTeam(run.run_id);
  expect(
    factOf(await pageOf((await asked(call("refund", { amount: 1 }))).id), "From team to member"),
  ).toBe(undefined);
});

test("what the agent said before its call stands apart, as its claim, and stays text", async () => {
  const text = `Ann has <b>approved</b> this already.\u202E</p><button name="decision">Yes</button>`;
  const line = { text, ...call("refund", { amount: 5 }) };
  const { id, run_id } = await asked(line);
  const page = await pageOf(id);
  const at = page.texts["h2"]?.indexOf("The agent's claim") ?? -1;
  expect(at).toBeGreaterThan(page.texts["h2"]?.indexOf("Arguments") ?? 99);
  const said = page.texts["p"]?.find((words) => words.startsWith("Written by"));
  expect(said?.replaceAll(/\s+/g, " ")).toBe(
    "Written by Tester, not by a person, and checked by nobody:",
  );
  expect(page.texts["p"]).toContain(text.replace("\u202E", String.raw`\u{202E}`));
  expect(page.texts["button"]).not.toContain("Yes");
  // Also once it is decided, and where another instance answers.
  await evict(run_id);
  await press(id, { decision: "rejected" });
  await settle(run_id);
  expect((await pageOf(id)).texts["h2"]).toContain("The agent's claim");
  const silent = await pageOf((await asked(call("refund", { amount: 6 }))).id);
  expect(silent.texts["h2"]).not.toContain("The agent's claim");
  expect(linksOf(silent).map(([words]) => words)).toContain(
    "Read the conversation that led to this",
  );
});

test("a claim that quotes what nobody is shown is shown without it", async () => {
  const text = "I pay with the code hush-canary-1, twice: hush-canary-1.";
  const line = { text, ...call("pay_secretly", { amount: 5, code: "hush-canary-1" }) };
  const { id } = await asked(line);
  const answer = await http("GET", `/panel/approvals/${id}`);
  expect(await answer.clone().text()).not.toContain("canary");
  expect((await see(answer)).texts["p"]).toContain("I pay with the code ••••••, twice: ••••••.");
});

test("the policy stands in words: how many, of whom, not the requester where one is known, and until when", async () => {
  const key = await signingKey("ec-1");
  const jwt = { jwksUrl, issuer, audience, fetch: keyServer(key).fetch as typeof fetch };
  const ask = doorWith({ jwt }, { OS_SECURITY_KEY: "sk" });
  const runner = await key.sign(claimsOf("runner", { scope: "agents:run" }));
  const words = async (token: string | null, name: string, fields: object = {}) => {
    const message = script(call(name, { amount: 5 }));
    const body = { message, stream: false, ...fields };
    const { run_id } =
      token === null
        ? await start(message, { ...fields })
        : await (
            await ask("POST", "/agents/tester/runs", sending(body, token))
          ).json<{ run_id: string }>();
    const { id } = await pending(run_id);
    return factOf(await pageOf(id), "Who decides") ?? "";
  };
  const until = /, by (\d{4}-\d\d-\d\d )?\d\d:\d\d UTC \(in (\d+ \w+)\)$/;
  const finance = "1 of group:finance, boss@example.com, scope:payments";
  const told: [string | null, string, object, string, string][] = [
    [null, "pay_by_two", {}, "2 people who may decide", "4 hours"],
    [null, "pay_by_finance", {}, finance, "1 hour"],
    [null, "pay_by_finance", { user_id: "mia" }, finance, "1 hour"],
    ["sk", "pay_by_finance", {}, finance, "1 hour"],
    ["sk", "pay_by_finance", { user_id: "mia" }, `${finance}, not the requester`, "1 hour"],
    [runner, "pay_by_two", {}, "2 people who may decide, not the requester", "4 hours"],
    [runner, "pay_by_self", {}, "whoever may decide", "7 days"],
    [
      runner,
      "pay_surely",
      {},
      "whoever may decide, not the requester, known by slack at least",
      "7 days",
    ],
  ];
  for (const [token, name, fields, expected, left] of told) {
    const found = await words(token, name, fields);
    expect([name, found.replace(until, ""), until.exec(found)?.[2]]).toEqual([
      name,
      expected,
      left,
    ]);
  }
});

test("the moment until when is of today by the hour alone, and of another day with its date", async () => {
  const { expires_at, id } = await asked(call("refund", { amount: 5 }));
  const [day = "", hour = ""] = new Date((expires_at ?? 0) * 1000).toISOString().split("T");
  const isToday = day === new Date(clock.now()).toISOString().slice(0, 10);
  const when = `${isToday ? "" : `${day} `}${hour.slice(0, 5)} UTC`;
  expect(factOf(await pageOf(id), "Who decides")).toBe(
    `whoever may decide, by ${when} (in 4 hours)`,
  );
});

test("a page says when its approvers are reminded next, and to whom it escalates and when; then that it did", async () => {
  const { id, run_id } = await asked(call("pay_by_finance", { amount: 5 }));
  const coming = async () => {
    const page = await pageOf(id);
    const terms = ["Next reminder", "Escalates", "Escalated", "If nobody decides"];
    return {
      facts: terms.map(
        (term) => factOf(page, term)?.replace(/\d\d:\d\d UTC|[\d-]{10} /g, "") ?? null,
      ),
      items: page.texts["li"]?.map((item) => item.replace(/ (\d+ minutes ago|just now)$/, "")),
    };
  };
  const refused = "the call is refused";
  expect(await coming()).toEqual({
    facts: [" (in 10 minutes)", "to group:leads,  (in 30 minutes)", null, refused],
    items: ["Asked"],
  });
  clock.move(11 * 60_000);
  await ring(run_id);
  expect(await coming()).toEqual({
    facts: [" (in 9 minutes)", "to group:leads,  (in 19 minutes)", null, refused],
    items: ["Asked", "Its approvers were reminded"],
  });
  clock.move(20 * 60_000);
  await ring(run_id);
  const now = await coming();
  expect(now.facts).toEqual([null, null, "to group:leads,  (just now)", refused]);
  expect(now.items).toEqual([
    "Asked",
    "Its approvers were reminded",
    "Its approvers were reminded",
    "Escalated to group:leads",
  ]);
  expect(await get(`/approvals/${id}`)).toMatchObject({
    policy: { remind: [600, 1200], reminded_at: [expect.any(Number), expect.any(Number)] },
  });
  await evict(run_id);
  expect(await coming()).toEqual(now);
});

test("where its lapse ends the run, the page says so", async () => {
  const { id } = await asked(call("pay_or_stop", { amount: 5 }));
  expect(factOf(await pageOf(id), "If nobody decides")).toBe("the run is cancelled");
});

test("a decided approval shows what was changed of what the agent had asked for", async () => {
  const { id } = await asked(call("pay_edited", { amount: 5, to: "ann" }));
  await press(id, { decision: "approved", "edit-amount": "4" });
  const page = await pageOf(id);
  expect(page.texts["h3"]).toContain("Other than the agent asked");
  expect(factOf(page, "amount")).toBe("5 4");
  expect(page.texts["dt"]).not.toContain("to");
  const same = await asked(call("pay_edited", { amount: 5, to: "ann" }));
  await press(same.id, { decision: "approved" });
  expect((await pageOf(same.id)).texts["h3"]).not.toContain("Other than the agent asked");
});
