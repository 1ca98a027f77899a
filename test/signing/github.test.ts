import { createHmac } from "node:crypto";
import { sign } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSignedGitHub } from "../../src/signing/github.ts";
import { bytesOf, byteFlips, textFlips } from "./flips.ts";

/** What GitHub publishes: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
const vector = {
  secret: "It's a Secret to Everybody",
  body: bytesOf("Hello, World!"),
  signature: "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
};
interface Given {
  body?: Uint8Array;
  signature?: string | null;
  secrets?: string[];
}
const check = async (more: Given = {}) => {
  const { body, secrets, signature } = { ...vector, secrets: [vector.secret], ...more };
  return isSignedGitHub(body, signature, secrets);
};

test("GitHub's published vector is taken, by any of the secrets", async () => {
  expect(await check()).toBe(true);
  expect(await check({ secrets: ["another", vector.secret] })).toBe(true);
  expect(await check({ secrets: [vector.secret, "another"] })).toBe(true);
  for (const secrets of [[], ["another"], [""]]) expect(await check({ secrets })).toBe(false);
});

test("with any one bit of the body or the signature turned over it is refused", async () => {
  for (const body of byteFlips(vector.body)) expect(await check({ body })).toBe(false);
  for (const signature of textFlips(vector.signature))
    expect(await check({ signature })).toBe(false);
});

const hex = vector.signature.slice("sha256=".length);
test.each<[string, Given]>([
  ["no signature", { signature: null }],
  ["nothing for a signature", { signature: "" }],
  ["a signature without its name", { signature: hex }],
  ["a name without its signature", { signature: "sha256=" }],
  ["no hex", { signature: "sha256=zzzz" }],
  ["a signature of the older scheme", { signature: `sha1=${hex.slice(0, 40)}` }],
  ["a signature in capitals", { signature: `sha256=${hex.toUpperCase()}` }],
  ["half a signature", { signature: vector.signature.slice(0, 39) }],
  ["a longer signature", { signature: `${vector.signature}00` }],
  ["a signature with something between", { signature: `sha256=-${hex}` }],
  ["a signature with a line break", { signature: `${vector.signature}\n` }],
  ["a header that is there twice", { signature: `${vector.signature}, ${vector.signature}` }],
])("%s is refused", async (_, more) => expect(await check(more)).toBe(false));

test.each([
  ["an empty body", new Uint8Array()],
  ["a byte that begins no character", Uint8Array.of(0xff)],
  ["half a character", Uint8Array.of(0x7b, 0xe2, 0x82)],
  ["a character that is spelled too long", Uint8Array.of(0xc0, 0xaf)],
  ["half of a surrogate pair", Uint8Array.of(0xed, 0xa0, 0x80)],
])("%s is refused, whoever has signed it, or what is read for it", async (_, body) => {
  const read = bytesOf(new TextDecoder().decode(body));
  for (const signed of [body, read])
    expect(await check({ body, signature: signatureOf(signed, vector.secret) })).toBe(false);
});

test("a byte order mark is signed as everything else", async () => {
  const marked = bytesOf("\uFEFF{}");
  expect(await check({ body: marked, signature: signatureOf(marked, vector.secret) })).toBe(true);
  const plain = bytesOf("{}");
  expect(await check({ body: marked, signature: signatureOf(plain, vector.secret) })).toBe(false);
  expect(await check({ body: plain, signature: signatureOf(marked, vector.secret) })).toBe(false);
});

test("what GitHub's library signs is taken, and nothing else is", async () => {
  const text = fc.string({ minLength: 1, unit: "grapheme" });
  const secret = fc.string({ minLength: 1, unit: "grapheme-ascii" });
  await fc.assert(
    fc.asyncProperty(text, text, secret, secret, async (body, other, secret, wrong) => {
      const signature = await sign(secret, body);
      const given = { body: bytesOf(body), signature, secrets: [secret] };
      expect(await check(given)).toBe(true);
      expect(await check({ ...given, body: bytesOf(other) })).toBe(body === other);
      expect(await check({ ...given, secrets: [wrong] })).toBe(secret === wrong);
    }),
  );
});

function signatureOf(body: Uint8Array, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
