import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { base32, char, checkLength, checkOf } from "../run/ids.ts";

/** By which an API key is known at sight, also by those who look for lost ones. */
const prefix = "kern_";
const idLength = 8;
/** 256 bits. */
const secretLength = 52;
const pattern = new RegExp(
  `^${prefix}(${char}{${idLength}})_(${char}{${secretLength}})(${char}{${checkLength}})$`,
);

/** A new API key; whoever has it is let in, so it is shown once and kept nowhere. */
export function newApiKey(): { id: string; key: string } {
  const id = base32(randomBytes(5), idLength);
  const secret = base32(randomBytes(32), secretLength);
  const body = `${id}_${secret}`;
  return { id, key: `${prefix}${body}${checkOf(prefix, body)}` };
}

export function looksLikeApiKey(token: string): boolean {
  return token.startsWith(prefix);
}

/** The id in an API key; null where it is none, one that was mistyped included: its last characters do not fit then. */
export function idOfApiKey(key: string): string | null {
  const [, id = "", secret = "", check] = pattern.exec(key) ?? [];
  return check !== undefined && check === checkOf(prefix, `${id}_${secret}`) ? id : null;
}

/**
 * What is kept of a key. A fast hash is enough: the secret is 256 random bits, of which nobody can try a noticeable part,
 * however fast; slow hashes are for what people make up themselves.
 */
export function hashOfApiKey(key: string): string {
  return createHash("sha256").update(`kern.api-key.v1\n${key}`).digest("hex");
}

export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
