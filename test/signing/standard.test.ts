import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { isSignedStandard, isStandardSecret, signedHeaders } from "../../src/signing/standard.ts";
import { bytesOf, byteFlips, notTimes, textFlips } from "./flips.ts";

/** What the scheme's own libraries are tested with. */
const vector = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: "1614265330",
  body: `{"test": 2432232314}`,
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const atMs = 1_614_265_330_000;
const other = `whsec_${btoa("o".repeat(32))}`;
interface Given {
  body?: Uint8Array;
  id?: string | null | undefined;
  timestamp?: string | null | undefined;
  signature?: string | null | undefined;
  secrets?: string[];
  nowMs?: number;
}
const check = (more: Given = {}) => {
  const { body, id, nowMs, secrets, signature, timestamp } = {
    ...vector,
    body: bytesOf(vector.body),
    secrets: [vector.secret],
    nowMs: atMs,
    ...more,
  };
  return isSignedStandard(body, { id, signature, timestamp }, secrets, nowMs);
};

test("the scheme's published vector is signed as it says", () => {
  const headers = signedHeaders(vector.id, atMs, vector.body, [vector.secret]);
  expect(headers).toEqual({
    "webhook-id": vector.id,
    "webhook-timestamp": vector.timestamp,
    "webhook-signature": vector.signature,
  });
});

test.each([
  "",
  "whsec_",
  "whsec_c2hvcnQ=",
  "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-",
  `whsec_${btoa("x".repeat(65))}`,
])("%j is no secret, which is said and not shown", (secret) => {
  expect(isStandardSecret(secret)).toBe(false);
  const shown = secret.replace("whsec_", "");
  for (const use of [
    () => signedHeaders("msg_1", 0, "", [secret]),
    () => check({ secrets: [secret] }),
  ]) {
    expect(use).toThrow(TypeError);
    if (shown !== "") expect(use).not.toThrow(shown);
  }
});

test("the vector is taken within five minutes either way, and by any of the secrets", () => {
  expect(isStandardSecret(vector.secret)).toBe(true);
  for (const seconds of [-300, 0, 300]) expect(check({ nowMs: atMs + seconds * 1000 })).toBe(true);
  for (const seconds of [-301, 301, 86_400])
    expect(check({ nowMs: atMs + seconds * 1000 })).toBe(false);
  expect(check({ secrets: [other, vector.secret] })).toBe(true);
  expect(check({ secrets: [vector.secret, other] })).toBe(true);
  expect(check({ secrets: [other] })).toBe(false);
  expect(check({ secrets: [] })).toBe(false);
});

test("one good signature of version 1 is enough, wherever it stands, and other versions prove nothing", () => {
  const { signature } = vector;
  const wrong = `v1,${btoa("w".repeat(32))}`;
  for (const good of [`${wrong} ${signature}`, `${signature} ${wrong}`, `v1a,AAAA ${signature}`])
    expect(check({ signature: good })).toBe(true);
  for (const version of ["v0", "v2", "v1a", "V1", "v11", "v"])
    expect(check({ signature: signature.replace("v1", version) })).toBe(false);
});

test("with any one bit of the body, the id, the time or the signature turned over it is refused", () => {
  for (const body of byteFlips(bytesOf(vector.body))) expect(check({ body })).toBe(false);
  for (const id of textFlips(vector.id)) expect(check({ id })).toBe(false);
  for (const timestamp of textFlips(vector.timestamp)) expect(check({ timestamp })).toBe(false);
  for (const signature of textFlips(vector.signature)) expect(check({ signature })).toBe(false);
});

test.each<[string, Given]>([
  ["no id", { id: null }],
  ["nothing for an id", { id: "" }],
  ["no time", { timestamp: null }],
  ["no signature", { signature: null }],
  ["nothing for a signature", { signature: "" }],
  ["a signature without its version", { signature: vector.signature.slice(3) }],
  ["a version without its signature", { signature: "v1," }],
  ["a signature that is there twice", { signature: `${vector.signature}, ${vector.signature}` }],
  ["a signature beside what is none", { signature: `${vector.signature} nonsense` }],
  ["a signature without its padding", { signature: vector.signature.replace("=", "") }],
  ["a signature in another alphabet", { signature: vector.signature.replaceAll("+", "-") }],
  ["an id that is there twice", { id: `${vector.id}, ${vector.id}` }],
  ["an empty body", { body: new Uint8Array() }],
  ["a byte order mark before the body", { body: bytesOf(`\uFEFF${vector.body}`) }],
])("%s is refused", (_, more) => expect(check(more)).toBe(false));

test.each(notTimes)("a time of %j is refused, whoever has signed it", (timestamp) => {
  const signature = signatureOf(vector.id, timestamp, vector.body);
  for (const nowMs of [atMs, 1_500_000_000_000, 0])
    expect(check({ timestamp, signature, nowMs })).toBe(false);
});

test("an id with a full stop is refused, because its end could be a time and the time the body's beginning", () => {
  // Both are one text to sign, so one signature fits both.
  const [id, timestamp, body] = ["msg_1", vector.timestamp, `${vector.timestamp}.{}`];
  const signature = signatureOf(id, timestamp, body);
  expect(check({ id, signature, body: bytesOf(body) })).toBe(true);
  expect(check({ id: `${id}.${timestamp}`, signature, body: bytesOf("{}") })).toBe(false);
});

test("what is signed is taken, here and by the public library, and nothing else is", () => {
  const key = fc.uint8Array({ minLength: 24, maxLength: 64 });
  const id = fc.stringMatching(/^[\w-]{1,40}$/);
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(key, id, text, text, (key, id, body, other) => {
      const secret = `whsec_${Buffer.from(key).toString("base64")}`;
      const headers = signedHeaders(id, atMs, body, [secret]);
      const signature = headers["webhook-signature"];
      expect(signature).toBe(new Webhook(secret).sign(id, new Date(atMs), body));
      const given = { id, signature, secrets: [secret], body: bytesOf(body) };
      expect(check(given)).toBe(true);
      expect(check({ ...given, body: bytesOf(other) })).toBe(body === other);
      expect(check({ ...given, id: `${id}x` })).toBe(false);
      expect(check({ ...given, timestamp: "1614265331" })).toBe(false);
      expect(check({ ...given, secrets: [vector.secret] })).toBe(false);
    }),
  );
});

test("bytes that are no text are signed as bytes", () => {
  // The library signs text alone, and bytes that are none would all be one text to it.
  for (const [one, another] of [
    [0xff, 0xfe],
    [0xc0, 0x80],
  ] as const) {
    const signature = signatureOf(vector.id, vector.timestamp, Uint8Array.of(one));
    expect(check({ signature, body: Uint8Array.of(one) })).toBe(true);
    expect(check({ signature, body: Uint8Array.of(another) })).toBe(false);
  }
});

function signatureOf(id: string, timestamp: string, body: string | Uint8Array): string {
  const key = Buffer.from(vector.secret.slice(6), "base64");
  const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}
