import { aliasesOf } from "../approval/alias.ts";
import type { Decider, PrincipalKind } from "../approval/decision.ts";
import type { Assurance } from "../tools/policy.ts";

/** What a credential may do. */
export const scopes = [
  "approvals:read",
  "approvals:write",
  "approvals:delete",
  "agents:read",
  "agents:run",
  "teams:read",
  "teams:run",
  "sessions:read",
  "sessions:write",
  "webhooks:read",
  "schedules:read",
  "schedules:write",
  "schedules:delete",
  "config:read",
  "agent_os:admin",
] as const;
export type Scope = (typeof scopes)[number];

/** A scope for one agent or team alone, such as `agents:data-manager:run`. */
export type Grant = `${"agents" | "teams"}:${string}:${"read" | "run"}`;

/** Who makes a request, as far as the credential proves it. */
export interface Principal {
  /** Issuer and subject in one: `https://issuer|subject`, `key:<id>`, `root` or `anonymous`. */
  id: string;
  kind: PrincipalKind;
  /** True where many people may stand behind it: then what they say of themselves is kept as a claim. */
  shared: boolean;
  /** What records show. */
  name: string;
  /** Every name that the credential proves of them, the id among them, as `aliasOf` writes it; none where it is shared. */
  aliases: readonly string[];
  /** Those of them that nobody else can have, as they are written: the id, and a verified address. */
  names: readonly string[];
  groups: readonly string[];
  /** kern's own scopes and grants, and, where a token says so, a project's, which policies may name. */
  scopes: ReadonlySet<string>;
  assurance: Assurance;
  /** Whether they see only what they have asked for themselves. */
  ownOnly: boolean;
}

/** Whom a credential proves, before it is known what the request is for. */
export type Known = Omit<Principal, "assurance" | "ownOnly">;

/** The one principal of everybody who has the security key, or of everybody. */
export function shared(id: "root" | "anonymous", assurance: Assurance): Principal {
  return {
    id,
    kind: "person",
    shared: true,
    name: id,
    aliases: [],
    names: [],
    groups: [],
    scopes: new Set(scopes),
    assurance,
    ownOnly: false,
  };
}

/** What starts runs by itself; `aliases` are those of the people who had it do so, as `aliasOf` writes them. */
export function machineOf(
  id: `webhook:${string}` | `schedule:${string}`,
  aliases: readonly string[],
): Principal {
  return {
    id,
    kind: "webhook",
    shared: false,
    name: id,
    aliases: [...aliases],
    names: [id],
    groups: [],
    scopes: new Set(),
    assurance: "api",
    ownOnly: false,
  };
}

export function isAdmin(principal: Pick<Principal, "scopes">): boolean {
  return principal.scopes.has("agent_os:admin");
}

/** Whether the principal may do this: to the agent or team of this id, or, without one, to all of them. */
export function holds(
  principal: Pick<Principal, "scopes">,
  scope: Scope,
  id: string | null = null,
): boolean {
  const held = principal.scopes;
  return isAdmin(principal) || held.has(scope) || (id !== null && held.has(grantOf(scope, id)));
}

/** Whether the principal may do this to some agent or team. */
export function holdsAny(principal: Pick<Principal, "scopes">, scope: Scope): boolean {
  const [kind, action] = scope.split(":");
  return (
    holds(principal, scope) ||
    [...principal.scopes].some((held) => {
      const grant = grantPattern.exec(held);
      return grant?.[1] === kind && grant?.[2] === action;
    })
  );
}

/** The agents or teams that the principal may do this to, by their ids; null for all of them. */
export function heldFor(
  principal: Pick<Principal, "scopes">,
  scope: Scope,
): readonly string[] | null {
  if (holds(principal, scope)) return null;
  return [...principal.scopes].flatMap((held) => {
    const [kind, id = "", action] = held.split(":");
    return `${kind}:${action}` === scope ? [id] : [];
  });
}

/**
 * Whether what this credential says counts as a decision. One that runs agents could decide on what it has caused itself;
 * it may only where it could give itself everything anyway.
 */
export function mayDecide(principal: Pick<Principal, "scopes">): boolean {
  if (isAdmin(principal)) return true;
  return !holdsAny(principal, "agents:run") && !holdsAny(principal, "teams:run");
}

/** The scopes and grants among these words; others are none of ours. */
export function scopesIn(words: readonly string[]): Set<Scope | Grant> {
  return new Set(words.filter(isScope));
}

export function isScope(word: string): word is Scope | Grant {
  return (scopes as readonly string[]).includes(word) || grantPattern.test(word);
}

/** The principal as those are told of it who judge a decision. */
export function deciderOf(principal: Principal, claim: string | null): Required<Decider> {
  const { aliases, assurance, groups, id, kind, name, names, shared, scopes } = principal;
  return {
    principal: id,
    shared,
    claim,
    kind,
    name,
    aliases: [...aliases],
    names: [...names],
    groups: [...groups],
    scopes: [...scopes],
    assurance,
  };
}

/** Whether this is a name of the principal's own. */
export function isOwnName({ aliases }: Principal, name: string): boolean {
  return aliasesOf([name]).some((alias) => aliases.includes(alias));
}

/** An agent's id has no colon in it. */
const grantPattern = /^(agents|teams):[A-Za-z0-9][A-Za-z0-9._~-]{0,127}:(read|run)$/;

function grantOf(scope: Scope, id: string): Grant {
  const [kind, action] = scope.split(":");
  return `${kind}:${id}:${action}` as Grant;
}
