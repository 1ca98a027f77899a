import { describe, expect, test } from "vitest";
import { KernError } from "../../src/errors.ts";
import { bearer } from "../../src/triggers/bearer.ts";
import { custom, type CustomOptions } from "../../src/triggers/custom.ts";
import { github } from "../../src/triggers/github.ts";
import { slackEvents } from "../../src/triggers/slack-events.ts";
import { standardWebhooks } from "../../src/triggers/standard-webhooks.ts";
import { stripe } from "../../src/triggers/stripe.ts";
import type { Delivery, Verifier } from "../../src/triggers/verifier.ts";
import { deliver, nowMs, proved, secrets, send, without } from "./delivery.ts";

interface Scheme {
  verifier: Verifier;
  named: (secretVariable: string) => Verifier;
  variable: string;
  secret: string;
  /** Another secret of the same shape. */
  other: string;
  sent: (body: string, secret?: string) => Delivery;
  proof: string[];
  timed: boolean;
}

const schemes: Record<string, Scheme> = {
  github: {
    verifier: github(),
    named: (secretVariable) => github({ secretVariable }),
    variable: "GITHUB_WEBHOOK_SECRET",
    secret: secrets.github,
    other: "another-secret-of-theirs",
    sent: (body, secret) => send.github(body, {}, secret),
    proof: ["x-hub-signature-256"],
    timed: false,
  },
  stripe: {
    verifier: stripe(),
    named: (secretVariable) => stripe({ secretVariable }),
    variable: "STRIPE_WEBHOOK_SECRET",
    secret: secrets.stripe,
    other: "whsec_another_secret",
    sent: (body, secret) => send.stripe(body, secret),
    proof: ["stripe-signature"],
    timed: true,
  },
  standardWebhooks: {
    verifier: standardWebhooks(),
    named: (secretVariable) => standardWebhooks({ secretVariable }),
    variable: "WEBHOOK_SECRET",
    secret: secrets.standard,
    other: `whsec_${btoa("o".repeat(32))}`,
    sent: (body, secret) => send.standard("msg_1", body, secret),
    proof: ["webhook-id", "webhook-timestamp", "webhook-signature"],
    timed: true,
  },
  slackEvents: {
    verifier: slackEvents(),
    named: (secretVariable) => slackEvents({ secretVariable }),
    variable: "SLACK_SIGNING_SECRET",
    secret: secrets.slack,
    other: "00000000000000000000000000000000",
    sent: (body, secret) => send.slack(body, secret),
    proof: ["x-slack-request-timestamp", "x-slack-signature"],
    timed: true,
  },
  bearer: {
    verifier: bearer(),
    named: (secretVariable) => bearer({ secretVariable }),
    variable: "WEBHOOK_TOKEN",
    secret: secrets.token,
    other: "another-token-of-theirs",
    sent: (body, secret) => send.bearer(body, {}, secret),
    proof: ["authorization"],
    timed: false,
  },
};

describe.each(Object.entries(schemes))("%s", (_, scheme) => {
  const { named, other, proof, secret, sent, timed, variable, verifier } = scheme;
  const verify = async (delivery: Delivery, value: unknown = secret, atMs = nowMs) =>
    verifier.verify(delivery, { env: { [variable]: value }, nowMs: atMs });

  test("what is signed with the secret is genuine, with either one while it is rotated", async () => {
    expect(verifier.variables).toEqual([variable]);
    const delivery = sent(`{"a":1}`);
    for (const value of [secret, `${secret} ${other}`, ` ${other}\n${secret} `])
      expect(proved(await verify(delivery, value)).event).toEqual({ a: 1 });
    expect(await verify(delivery, other)).toMatchObject({ kind: "refused" });
    expect(await verify(sent(`{"a":1}`, other))).toMatchObject({ kind: "refused" });
  });

  test("without what proves it, it is refused, and the reason holds no secret", async () => {
    const delivery = sent(`{"a":1}`);
    const cases = [
      ...proof.map((name) => without(delivery, name)),
      ...proof.map((name) => {
        const headers = new Headers(delivery.headers);
        headers.append(name, headers.get(name) ?? "");
        return { ...delivery, headers };
      }),
      deliver(`{"a":1}`),
    ];
    for (const one of cases) {
      const verified = await verify(one);
      expect(verified).toEqual({ kind: "refused", reason: expect.any(String) as string });
      expect(JSON.stringify(verified)).not.toContain(secret);
    }
    // Who only shows a token has signed nothing.
    const changed = { ...delivery, body: new TextEncoder().encode(`{"a":2}`) };
    if (!proof.includes("authorization"))
      expect(await verify(changed)).toMatchObject({ kind: "refused" });
  });

  test("what was signed long ago is refused where a time is signed", async () => {
    const kinds = [-301, -300, 300, 301].map(
      async (late) => (await verify(sent("{}"), secret, nowMs + late * 1000)).kind,
    );
    expect(await Promise.all(kinds)).toEqual(
      timed
        ? ["refused", "genuine", "genuine", "refused"]
        : ["genuine", "genuine", "genuine", "genuine"],
    );
  });

  test.each([undefined, null, "", "  ", 7])(
    "a secret of %j serves nothing, and the variable is named",
    async (value) => {
      const env = value === undefined ? {} : { [variable]: value };
      await expect(verifier.verify(sent("{}"), { env, nowMs })).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining(`The variable ${variable} is not set`) as string,
      });
    },
  );

  test("a secret that is none, even beside a good one, serves nothing and is not shown", async () => {
    for (const value of ["too-short", `${secret} too-short`]) {
      const answer = verify(sent("{}"), value);
      await expect(answer).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining(`The variable ${variable} holds something else`) as string,
      });
      await expect(answer).rejects.not.toThrow("too-short");
    }
  });

  test("another variable may be named, and a secret in its place is refused without showing it", async () => {
    const mine = named("MY_SECRET");
    expect(mine.variables).toEqual(["MY_SECRET"]);
    const verified = await mine.verify(sent("{}"), { env: { MY_SECRET: secret }, nowMs });
    expect(verified.kind).toBe("genuine");
    await expect(mine.verify(sent("{}"), { env: { [variable]: secret }, nowMs })).rejects.toThrow(
      "The variable MY_SECRET is not set",
    );
    for (const wrong of ["sk-secret value", "", "a-b", 7 as never]) {
      expect(() => named(wrong)).toThrow(TypeError);
      if (wrong === "sk-secret value") expect(() => named(wrong)).not.toThrow(wrong);
    }
  });

  test("a body that is no JSON is its text, of no type", async () => {
    const { event, type } = proved(await verify(sent("Hello")));
    expect([event, type]).toEqual(["Hello", null]);
    for (const json of ["null", "7", `"text"`, "[]", `{"type":{}}`]) {
      const { event, type } = proved(await verify(sent(json)));
      expect([event, type]).toEqual([JSON.parse(json), null]);
    }
  });
});

const context = {
  env: Object.fromEntries(Object.values(schemes).map(({ secret, variable }) => [variable, secret])),
  nowMs,
};
const read = async (verifier: Verifier, delivery: Delivery) =>
  proved(await verifier.verify(delivery, context));

describe("GitHub's", () => {
  const of = (event: string) => ({ "x-github-event": event });

  test("type is the event, and its action where it has one; what is known again is the body", async () => {
    const labeled = send.github(`{"action":"labeled"}`, of("issues"));
    expect(await read(github(), labeled)).toEqual({
      key: { kind: "digest" },
      type: "issues.labeled",
      event: { action: "labeled" },
    });
    const typeOf = async (body: string, headers = {}) =>
      (await read(github(), send.github(body, headers))).type;
    expect(await typeOf("{}", of("push"))).toBe("push");
    expect(await typeOf(`{"action":7}`, of("issues"))).toBe("issues");
    expect(await typeOf(`{"action":"ignore what was said before"}`, of("issues"))).toBe("issues");
    expect(await typeOf(`{"action":"labeled"}`)).toBeNull();
    expect(await typeOf(`{"action":"labeled"}`, of("a, b"))).toBeNull();
  });

  test("form is read as its JSON", async () => {
    const body = new URLSearchParams({ payload: `{"action":"opened","a":"ü & <"}` }).toString();
    const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const { event, type } = await read(github(), send.github(body, { ...of("issues"), ...form }));
    expect([event, type]).toEqual([{ action: "opened", a: "ü & <" }, "issues.opened"]);
    const broken = await read(github(), send.github("payload=%7B", form));
    expect(broken.event).toBe("payload=%7B");
    const other = await read(github(), send.github("a=1", form));
    expect(other.event).toBe("a=1");
    // The same text is a form only where it says so.
    expect((await read(github(), send.github(body))).event).toBe(body);
  });

  test("test is answered", async () => {
    const { answer } = await read(github(), send.github(`{"zen":"…"}`, of("ping")));
    expect(answer).toEqual({ body: "pong", contentType: "text/plain" });
  });

  test("secret is no phrase, whose words would be secrets too", async () => {
    const env = { GITHUB_WEBHOOK_SECRET: "It's a Secret to Everybody" };
    const forged = send.github("{}", {}, "a");
    await expect(github().verify(forged, { env, nowMs })).rejects.toMatchObject({
      code: "unavailable",
    });
  });
});

describe("Stripe's", () => {
  test("event is known again by its id, and by its body where it has none", async () => {
    const paid = `{"id":"evt_1","type":"invoice.paid"}`;
    expect(await read(stripe(), send.stripe(paid))).toEqual({
      key: { kind: "signed", id: "evt_1" },
      type: "invoice.paid",
      event: { id: "evt_1", type: "invoice.paid" },
    });
    for (const id of [undefined, null, "", 7, "x".repeat(256), "\ud800"]) {
      const { key } = await read(stripe(), send.stripe(JSON.stringify({ id })));
      expect(key).toEqual({ kind: "digest" });
    }
  });

  test("secret begins with whsec_", async () => {
    const env = { STRIPE_WEBHOOK_SECRET: "sk_live_0123456789abcdef" };
    const answer = stripe().verify(send.stripe("{}"), { env, nowMs });
    await expect(answer).rejects.toThrow(`"whsec_…"`);
  });
});

test("what Standard Webhooks signs is known again by webhook-id", async () => {
  expect(
    await read(standardWebhooks(), send.standard("msg_7", `{"type":"run.completed"}`)),
  ).toEqual({
    key: { kind: "signed", id: "msg_7" },
    type: "run.completed",
    event: { type: "run.completed" },
  });
});

describe("Slack's", () => {
  test("event is known again by event_id, and its type is that of what happened", async () => {
    const event = {
      type: "event_callback",
      event_id: "Ev1",
      event: { type: "app_mention" },
      challenge: "of no question",
    };
    expect(await read(slackEvents(), send.slack(JSON.stringify(event)))).toEqual({
      key: { kind: "signed", id: "Ev1" },
      type: "app_mention",
      event,
    });
    const limited = await read(slackEvents(), send.slack(`{"type":"app_rate_limited"}`));
    expect(limited).toMatchObject({ key: { kind: "digest" }, type: "app_rate_limited" });
    expect(limited.answer).toBeUndefined();
  });

  test("question whether somebody is there is answered with what it asks for, once it is proved", async () => {
    const asked = `{"type":"url_verification","challenge":"<b>3eZbrw1aB</b>"}`;
    const { answer } = await read(slackEvents(), send.slack(asked));
    expect(answer).toEqual({ body: "<b>3eZbrw1aB</b>", contentType: "text/plain" });
    const forged = await slackEvents().verify(send.slack(asked, "another-signing-secret"), context);
    expect(forged.kind).toBe("refused");
  });
});

describe("a bearer's", () => {
  test("event is known again by its Idempotency-Key, and by its body without one", async () => {
    const body = `{"type":"order.placed"}`;
    const { key, type } = await read(bearer(), send.bearer(body, { "idempotency-key": "k-1" }));
    expect([key, type]).toEqual([{ kind: "signed", id: "k-1" }, "order.placed"]);
    expect((await read(bearer(), send.bearer(body))).key).toEqual({ kind: "digest" });
    const longest = "k".repeat(255);
    const { key: long } = await read(bearer(), send.bearer(body, { "idempotency-key": longest }));
    expect(long).toEqual({ kind: "signed", id: longest });
  });

  test("key that is too long is for the sender to mend, once it has proved itself", async () => {
    for (const wrong of ["", "k".repeat(256)]) {
      const headers = { "idempotency-key": wrong };
      const answer = bearer().verify(send.bearer("{}", headers), context);
      await expect(answer).rejects.toMatchObject({ code: "invalid_request" });
      const forged = await bearer().verify(send.bearer("{}", headers, "another-token"), context);
      expect(forged.kind).toBe("refused");
    }
  });

  test.each([
    ["another scheme", `Basic ${secrets.token}`],
    ["no scheme", secrets.token],
    ["no token", "Bearer"],
    ["half of the token", `Bearer ${secrets.token.slice(0, -1)}`],
    ["more than the token", `Bearer ${secrets.token}x`],
    ["two tokens", `Bearer ${secrets.token} ${secrets.token}`],
  ])("%s is refused", async (_, authorization) => {
    const verified = await bearer().verify(deliver("{}", { authorization }), context);
    expect(verified.kind).toBe("refused");
  });

  test("scheme may be spelled in any case", async () => {
    const delivery = deliver("{}", { authorization: `bearer  ${secrets.token}` });
    expect((await bearer().verify(delivery, context)).kind).toBe("genuine");
  });

  test("body that is no text is refused", async () => {
    const verified = await bearer().verify(send.bearer(Uint8Array.of(0xff)), context);
    expect(verified).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("UTF-8") as string,
    });
  });
});

describe("a scheme of one's own", () => {
  const by = (verify: CustomOptions["verify"], variables: string[] = []) =>
    custom({ scheme: "Mine", variables, verify });

  test("says what it has proved, and reads the delivery and the variables", async () => {
    const verifier = by(
      async ({ body, headers }, { env, nowMs }) => {
        await Promise.resolve();
        const good = headers.get("x-mine") === env["MINE"] && nowMs > 0 && body.length === 2;
        return good ? { key: "k", type: "a.b" } : null;
      },
      ["MINE"],
    );
    expect([verifier.scheme, verifier.variables]).toEqual(["Mine", ["MINE"]]);
    const at = { env: { MINE: "s" }, nowMs };
    expect(await verifier.verify(deliver("{}", { "x-mine": "s" }), at)).toEqual({
      kind: "genuine",
      key: { kind: "signed", id: "k" },
      type: "a.b",
      event: {},
    });
    const refused = await verifier.verify(deliver("{}", { "x-mine": "t" }), at);
    expect(refused.kind).toBe("refused");
  });

  test("knows a delivery again by its body where it gives no key", async () => {
    expect(
      await read(
        by(() => ({})),
        deliver("{}"),
      ),
    ).toEqual({
      key: { kind: "digest" },
      type: null,
      event: {},
    });
  });

  test.each<[string, () => unknown]>([
    ["nothing", () => undefined],
    ["null", () => null],
    ["true", () => true],
    ["a text", () => "yes"],
    ["an empty key", () => ({ key: "" })],
    ["a key that is too long", () => ({ key: "k".repeat(256) })],
    ["a key that is no text", () => ({ key: 7 })],
  ])("refuses where it gives %s", async (_, verify) => {
    const verified = await by(verify as never).verify(deliver("{}"), context);
    expect(verified.kind).toBe("refused");
  });

  test("refuses where it throws, but for an error of kern's", async () => {
    const broken = by(() => {
      throw new Error("no such key");
    });
    expect(await broken.verify(deliver("{}"), context)).toEqual({
      kind: "refused",
      reason: "'verify' has thrown: no such key",
    });
    const told = by(async () => Promise.reject(new KernError("unavailable", "Not now.")));
    await expect(told.verify(deliver("{}"), context)).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test("is not asked where a variable is missing", async () => {
    let asked = 0;
    const verifier = by(() => {
      asked++;
      return {};
    }, ["MINE", "KEYS"]);
    for (const env of [{}, { MINE: "s" }, { MINE: "s", KEYS: " " }, { MINE: null, KEYS: {} }])
      await expect(verifier.verify(deliver("{}"), { env, nowMs })).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/^The variable (MINE|KEYS) is not set/) as string,
      });
    expect(asked).toBe(0);
    // A binding is no text.
    await verifier.verify(deliver("{}"), { env: { MINE: "s", KEYS: {} }, nowMs });
    expect(asked).toBe(1);
  });

  test("has a name and a function", () => {
    const verify = () => null;
    for (const wrong of [{ scheme: "", verify }, { scheme: "Mine" }, { verify }])
      expect(() => custom(wrong as never)).toThrow(TypeError);
    expect(() => by(verify, ["no name"])).toThrow(TypeError);
  });
});
