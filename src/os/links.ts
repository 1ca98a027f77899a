import { createHash, randomBytes } from "node:crypto";
import type { Account } from "../channels/channel.ts";
import { KernError } from "../errors.ts";
import { base32 } from "../run/ids.ts";
import type { LinkRow, LinkStore } from "../run/channel-store.ts";
import type { Db } from "../run/store.ts";
import { isAdmin, type Principal } from "./principal.ts";

type Env = Record<string, unknown>;

/** Which accounts elsewhere stand for whom here. */
export interface Links {
  /** A code that links whichever account it is given by, within ten minutes and once. Throws `forbidden` for who is nobody in particular. */
  offer(env: Env, principal: Principal): Promise<string>;
  /** Links the account; whom to, or null where the code is not good. */
  redeem(env: Env, code: string, account: Account): Promise<string | null>;
  /** Who the account is; null where it is linked to nobody. */
  principalOf(env: Env, account: Account): Promise<Principal | null>;
  of(env: Env, principal: Principal): Promise<LinkRow[]>;
  /** The accounts whose ids begin so, the first thousand of them, and whom they stand for. */
  list(env: Env, prefix: string): Promise<{ row: LinkRow; principal: Principal }[]>;
  /** False where that is no link of theirs; an admin ends anybody's. */
  remove(env: Env, id: string, principal: Principal): Promise<boolean>;
}

const codeMs = 10 * 60_000;
/** What somebody may do is noted when they link, so it is to be noted anew from time to time. */
const linkMs = 30 * 86_400_000;
const codeLength = 12;
const maxListed = 1000;
/** The most that a linked account proves: how it is used says whether it is less. */
const linkedAssurance = "slack";

/** What is kept of a principal; the rest goes by how the account is used. */
type Kept = Pick<Principal, "aliases" | "groups" | "id" | "name" | "names"> & { scopes: string[] };

export function linksOf(db: Db | null, isolateUsers: boolean, now: () => number): Links {
  const store = (env: Env): LinkStore => {
    if (db === null)
      throw new KernError(
        "unavailable",
        "Accounts cannot be linked: pass a db to AgentOS to enable this feature.",
      );
    return db.connect(env).links;
  };
  const behind = ({ person }: LinkRow, assurance: Account["assurance"]): Principal => {
    const kept = JSON.parse(person) as Kept;
    const principal = {
      ...kept,
      kind: "person" as const,
      shared: false,
      scopes: new Set(kept.scopes),
      assurance,
    };
    return { ...principal, ownOnly: isolateUsers && !isAdmin(principal) };
  };
  return {
    async offer(env, principal) {
      if (!mayLink(principal))
        throw new KernError(
          "forbidden",
          "Only somebody in particular can link an account: sign in as yourself, not with the security key.",
        );
      const code = base32(randomBytes(8), codeLength);
      const { aliases, groups, id, name, names, scopes } = principal;
      const kept: Kept = { aliases, groups, id, name, names, scopes: [...scopes] };
      await store(env).offer({
        hash: hashOf(code),
        principal: id,
        person: JSON.stringify(kept),
        expires_at_ms: now() + codeMs,
      });
      return code;
    },
    async redeem(env, code, account) {
      const text = code.trim().toLowerCase().replaceAll("-", "");
      const found = await store(env).redeem(hashOf(text), now());
      if (found === null) return null;
      const { person, principal } = found;
      await store(env).set({
        id: account.id,
        name: account.name,
        principal,
        person,
        linked_at_ms: now(),
        expires_at_ms: now() + linkMs,
      });
      return (JSON.parse(person) as Kept).name;
    },
    async principalOf(env, account) {
      const row = await store(env).read(account.id, now());
      return row && behind(row, account.assurance);
    },
    of: async (env, { id }) => store(env).of(id),
    async list(env, prefix) {
      const rows = await store(env).list(prefix, now(), maxListed);
      if (rows.length === maxListed)
        console.error(`kern: of the accounts '${prefix}…' only ${maxListed} are looked at`);
      return rows.map((row) => ({ row, principal: behind(row, linkedAssurance) }));
    },
    remove: async (env, id, principal) =>
      store(env).remove(id, isAdmin(principal) ? null : principal.id),
  };
}

/** Whether accounts may stand for them: nobody in particular has none. */
export function mayLink({ kind, shared }: Principal): boolean {
  return !shared && kind === "person";
}

function hashOf(code: string): string {
  return createHash("sha256").update(`kern.link-code.v1\n${code}`).digest("hex");
}
