import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSignedSlack } from "../../src/signing/slack.ts";
import { bytesOf, byteFlips, notTimes, textFlips } from "./flips.ts";

/** What Slack publishes: https://docs.slack.dev/authentication/verifying-requests-from-slack */
const vector = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: "1531420618",
  body: bytesOf(
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  ),
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
};
const atMs = 1_531_420_618_000;
const check = (
  more: Partial<Omit<typeof vector, "signature" | "timestamp">> & {
    nowMs?: number;
    signature?: string | null | undefined;
    timestamp?: string | null | undefined;
  } = {},
) => {
  const { body, nowMs = atMs, secret, signature, timestamp } = { ...vector, ...more };
  return isSignedSlack(body, { signature, timestamp }, [secret], nowMs);
};

test("Slack's published vector is taken, by any of the secrets, within five minutes either way", () => {
  expect(check()).toBe(true);
  for (const secrets of [
    ["another", vector.secret],
    [vector.secret, "another"],
  ])
    expect(isSignedSlack(vector.body, vector, secrets, atMs)).toBe(true);
  for (const secrets of [[], ["another"], [""]])
    expect(isSignedSlack(vector.body, vector, secrets, atMs)).toBe(false);
  for (const seconds of [-300, 300]) expect(check({ nowMs: atMs + seconds * 1000 })).toBe(true);
  for (const seconds of [-301, 301, 86_400])
    expect(check({ nowMs: atMs + seconds * 1000 })).toBe(false);
});

test("with any one bit of the body, the signature or the time turned over it is refused", () => {
  for (const body of byteFlips(vector.body)) expect(check({ body })).toBe(false);
  for (const signature of textFlips(vector.signature)) expect(check({ signature })).toBe(false);
  for (const timestamp of textFlips(vector.timestamp)) expect(check({ timestamp })).toBe(false);
});

test.each([
  ["no time", { timestamp: null }],
  ["no signature", { signature: null }],
  ["nothing for a signature", { signature: "" }],
  ["a signature of another version", { signature: vector.signature.replace("v0", "v1") }],
  ["a signature in capitals", { signature: vector.signature.toUpperCase() }],
  ["half a signature", { signature: vector.signature.slice(0, 35) }],
  ["a longer signature", { signature: `${vector.signature}00` }],
  ["a signature that is there twice", { signature: `${vector.signature}, ${vector.signature}` }],
  ["a signature with a line break", { signature: `${vector.signature}\n` }],
  ["a time that is there twice", { timestamp: `${vector.timestamp}, ${vector.timestamp}` }],
  ["an empty body", { body: new Uint8Array() }],
  ["a byte order mark before the body", { body: bytesOf(`\uFEFF${text(vector.body)}`) }],
])("%s is refused", (_, more) => expect(check(more)).toBe(false));

test.each(notTimes)("a time of %j is refused, whoever has signed it", (timestamp) => {
  const signature = sign(vector.body, timestamp, vector.secret);
  for (const nowMs of [atMs, 1_614_265_330_000, 1_500_000_000_000, 0])
    expect(check({ timestamp, signature, nowMs })).toBe(false);
});

test("whatever bytes are signed are taken, and any others are not", () => {
  const secret = fc.string({ minLength: 1, unit: "grapheme-ascii" });
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), secret, secret, (body, other, secret, wrong) => {
      const signature = sign(body, vector.timestamp, secret);
      expect(check({ body, signature, secret })).toBe(true);
      expect(check({ body: other, signature, secret })).toBe(Buffer.compare(body, other) === 0);
      expect(check({ body, signature, secret: wrong })).toBe(secret === wrong);
    }),
  );
});

function sign(body: Uint8Array, timestamp: string, secret: string): string {
  const hmac = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body);
  return `v0=${hmac.digest("hex")}`;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
