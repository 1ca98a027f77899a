import { aliasesOf } from "../approval/alias.ts";
import type { PrincipalKind } from "../approval/decision.ts";
import type { Known } from "./principal.ts";
import { invalidToken } from "./token.ts";

/** What a token or an identity says, once it is verified. */
export type Claims = Record<string, unknown>;

/** What a project makes of claims itself. */
export interface Told {
  kind?: PrincipalKind;
  /** What records show. */
  name?: string;
  /** Names of the same person that the claims prove, beside those that are known anyway. */
  aliases?: readonly string[];
  groups?: readonly string[];
  scopes?: readonly string[];
}

export type PrincipalOf = (claims: Claims) => Told | null | Promise<Told | null>;

export interface ClaimNames {
  scopes?: string;
  groups?: string;
}

/** Who a verified token speaks for. Throws `unauthorized` where it names nobody, or the project refuses it. */
export async function principalOf(
  claims: Claims,
  issuer: string,
  { claims: names = {}, principal }: { claims?: ClaimNames; principal?: PrincipalOf },
): Promise<Known> {
  const subject = subjectOf(claims);
  const id = `${issuer}|${subject}`;
  const told = principal === undefined ? {} : await ask(principal, claims);
  const address = textOf(claims["email"]);
  const email = claims["email_verified"] === true ? address : undefined;
  const name = told.name ?? email ?? id;
  const scopeWords = names.scopes === undefined ? ["scope", "scopes"] : [names.scopes];
  return {
    id,
    kind: told.kind ?? (isService(claims) ? "service" : "person"),
    shared: false,
    name: isPlain(name) ? name : id,
    aliases: aliasesOf([
      id,
      subject,
      // One that is not verified grants nothing, and yet says who may not decide on what they have asked for.
      address,
      textOf(claims["preferred_username"]),
      name,
      ...(told.aliases ?? []),
    ]),
    names: [id, ...(email === undefined ? [] : [email]), ...(told.aliases ?? [])],
    groups: told.groups ?? wordsOf(claims[names.groups ?? "groups"]),
    scopes: new Set(told.scopes ?? scopeWords.flatMap((claim) => wordsOf(claims[claim]))),
  };
}

/** A service's own token (OAuth's client credentials): it says so, in a provider's words, or it is the client's and nobody else's. */
function isService({ azp, client_id, gty, idtyp, preferred_username, sub }: Claims): boolean {
  const client = textOf(client_id) ?? textOf(azp);
  return (
    gty === "client-credentials" ||
    idtyp === "app" ||
    textOf(preferred_username)?.startsWith("service-account-") === true ||
    textOf(sub) === undefined ||
    (client !== undefined && (sub === client || sub === `${client}@clients`))
  );
}

function subjectOf({ azp, client_id, common_name, sub }: Claims): string {
  const subject = [sub, client_id, azp, common_name].map(textOf).find((text) => text !== undefined);
  if (subject === undefined || !isPlain(subject)) throw invalidToken("it names nobody");
  return subject;
}

async function ask(principal: PrincipalOf, claims: Claims): Promise<Told> {
  try {
    const told = await principal(claims);
    if (typeof told === "object" && told !== null) return told;
  } catch {
    // What was thrown might hold claims, which are nobody's to read in a log.
    throw invalidToken("auth's own 'principal' failed");
  }
  throw invalidToken("auth's own 'principal' refused it");
}

/** Words of a claim: a list, or a text with spaces between them. */
function wordsOf(claim: unknown): string[] {
  const words = typeof claim === "string" ? claim.split(/\s+/) : claim;
  if (!Array.isArray(words)) return [];
  return words.filter((word): word is string => typeof word === "string" && word !== "");
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === "string" && claim !== "" ? claim : undefined;
}

/** Fit to be kept and shown: a name that holds what nobody sees might look like another. */
function isPlain(name: string): boolean {
  return name.length <= 255 && name.isWellFormed() && !/[\p{Cc}\p{Cf}]/u.test(name);
}
