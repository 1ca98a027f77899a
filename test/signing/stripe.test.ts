import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSignedStripe } from "../../src/signing/stripe.ts";
import { bytesOf, byteFlips, notTimes, textFlips } from "./flips.ts";

/** What Stripe's own library signs; the header is the one of its `generateTestHeaderString`. */
const vector = {
  secret: "whsec_test_secret",
  body: bytesOf(`{"id":"evt_test_webhook","object":"event"}`),
  header: "t=1614265330,v1=3c5817089d739023dd6190f70a3757e04f7a2fd8b5dab12c2e000f51970dccff",
};
const atMs = 1_614_265_330_000;
const [time = "", v1 = ""] = vector.header.split(",");
const wrong = `v1=${"0".repeat(64)}`;
interface Given {
  body?: Uint8Array;
  header?: string | null;
  secrets?: string[];
  nowMs?: number;
}
const check = (more: Given = {}) => {
  const given = { ...vector, secrets: [vector.secret], nowMs: atMs, ...more };
  return isSignedStripe(given.body, given.header, given.secrets, given.nowMs);
};

test("what Stripe signs is taken within five minutes either way, and by any of the secrets", () => {
  for (const seconds of [-300, 0, 300]) expect(check({ nowMs: atMs + seconds * 1000 })).toBe(true);
  for (const seconds of [-301, 301, 86_400])
    expect(check({ nowMs: atMs + seconds * 1000 })).toBe(false);
  expect(check({ secrets: ["whsec_another", vector.secret] })).toBe(true);
  expect(check({ secrets: [vector.secret, "whsec_another"] })).toBe(true);
  expect(check({ secrets: ["whsec_another"] })).toBe(false);
  expect(check({ secrets: [] })).toBe(false);
});

test("one good signature of version 1 is enough, and other versions prove nothing", () => {
  const old = v1.replace("v1", "v0");
  for (const header of [
    `${time},${wrong},${v1}`,
    `${time},${v1},${wrong}`,
    `${time},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39,${v1}`,
    `${v1},${time}`,
  ])
    expect(check({ header })).toBe(true);
  for (const header of [`${time},${old}`, `${time},${wrong},${old}`, `${time},${wrong}`])
    expect(check({ header })).toBe(false);
});

test("with any one bit of the body or the header turned over it is refused", () => {
  for (const body of byteFlips(vector.body)) expect(check({ body })).toBe(false);
  for (const header of textFlips(vector.header)) expect(check({ header })).toBe(false);
});

test.each<[string, Given]>([
  ["no header", { header: null }],
  ["nothing in the header", { header: "" }],
  ["no time", { header: v1 }],
  ["no signature", { header: time }],
  ["a header that is there twice", { header: `${vector.header}, ${vector.header}` }],
  ["two times", { header: `${time},${vector.header}` }],
  ["two times, the second of them good", { header: `t=1,${vector.header}` }],
  ["a space", { header: `${time}, ${v1}` }],
  ["a comma at the end", { header: `${vector.header},` }],
  [
    "a signature in capitals",
    { header: vector.header.toUpperCase().replace("T", "t").replace("V", "v") },
  ],
  ["half a signature", { header: vector.header.slice(0, -32) }],
  ["a longer signature", { header: `${vector.header}00` }],
  ["half a signature beside a good one", { header: `${vector.header},v1=00` }],
  ["an empty body", { body: new Uint8Array() }],
  ["a byte order mark before the body", { body: bytesOf(`\uFEFF{}`) }],
  ["a body that is no text", { body: Uint8Array.of(0xff) }],
])("%s is refused", (_, more) => expect(check(more)).toBe(false));

test.each(notTimes)("a time of %j is refused, whoever has signed it", (timestamp) => {
  for (const nowMs of [atMs, 1_500_000_000_000, 0])
    expect(check({ header: headerOf(vector.body, timestamp, vector.secret), nowMs })).toBe(false);
});

test("whatever bytes are signed are taken, and any others are not", () => {
  const secret = fc.string({ minLength: 1, unit: "grapheme-ascii" });
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), secret, secret, (body, other, secret, wrong) => {
      const header = headerOf(body, "1614265330", secret);
      expect(check({ body, header, secrets: [secret] })).toBe(true);
      expect(check({ body: other, header, secrets: [secret] })).toBe(
        Buffer.compare(body, other) === 0,
      );
      expect(check({ body, header, secrets: [wrong] })).toBe(secret === wrong);
    }),
  );
});

function headerOf(body: Uint8Array, timestamp: string, secret: string): string {
  const hmac = createHmac("sha256", secret).update(`${timestamp}.`).update(body);
  return `t=${timestamp},v1=${hmac.digest("hex")}`;
}
