import { createHash, randomBytes } from "node:crypto";

/** Crockford's base32, in lower case: no letter that is mistaken for another. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
/** Reserved for a jurisdiction or a shard; "00" is the default placement. */
const place = "00";
const bodyLength = 26;
const numberLength = 3;
/** How long the part is by which a mistyped id is known. */
export const checkLength = 4;

/** One character of an id, as a pattern. */
export const char = `[${alphabet}]`;
const runPattern = new RegExp(`^run_(${char}{2}${char}{${bodyLength}})(${char}{${checkLength}})$`);
const approvalPattern = new RegExp(
  `^apr_(${char}{2}${char}{${bodyLength}})(${char}{${numberLength}})(${char}{${checkLength}})$`,
);

/** The most approvals that one run may ask for: as many as its ids can number. */
export const maxApprovals = 32 ** numberLength;

/** A run's id: 128 random bits with a check part, or, from a seed, the same id every time. */
export function newRunId(seed?: string): string {
  const bytes =
    seed === undefined
      ? randomBytes(16)
      : createHash("sha256").update(`kern.run.v1\n${seed}`).digest().subarray(0, 16);
  return withCheck("run_", place + base32(bytes, bodyLength));
}

/** The id of a run's n-th approval, from 0. */
export function approvalIdOf(runId: string, n: number): string {
  const [, body = ""] = runPattern.exec(runId) ?? [];
  const number = [...Array(numberLength).keys()]
    .map((i) => alphabet[(n >> (5 * (numberLength - 1 - i))) & 31])
    .join("");
  return withCheck("apr_", body + number);
}

export function isRunId(id: string): boolean {
  const [, body = "", check] = runPattern.exec(id) ?? [];
  return check !== undefined && check === checkOf("run_", body);
}

/** The run that an approval's id belongs to; null for what is no approval's id, mistyped ones included. */
export function runOfApproval(id: string): string | null {
  const [, body = "", number = "", check] = approvalPattern.exec(id) ?? [];
  if (check === undefined || check !== checkOf("apr_", body + number)) return null;
  return withCheck("run_", body);
}

function withCheck(prefix: string, body: string): string {
  return prefix + body + checkOf(prefix, body);
}

/** The characters by which an id that is mistyped is known. */
export function checkOf(prefix: string, body: string): string {
  return base32(createHash("sha256").update(`kern.id.v1\n${prefix}${body}`).digest(), checkLength);
}

/** The first bits of these bytes, five a character; bits beyond them are zero. */
export function base32(bytes: Uint8Array, length: number): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  const excess = BigInt(bytes.length * 8 - length * 5);
  bits = excess >= 0n ? bits >> excess : bits << -excess;
  let text = "";
  for (let i = length - 1; i >= 0; i--) text += alphabet[Number((bits >> BigInt(5 * i)) & 31n)];
  return text;
}
