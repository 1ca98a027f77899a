import { exactName } from "../../approval/alias.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { isAddress } from "./address.ts";

/** Whose address is behind a group's name. */
export type Groups = ReadonlyMap<string, readonly string[]>;

/** Somebody whom a mail goes to. */
export interface Recipient {
  address: string;
  /** The groups by which a policy names them. */
  groups: readonly string[];
}

/** Whom these names of a policy's lead to, each once: addresses, and those of groups; other names lead to nobody. */
export function peopleBehind(names: readonly string[], groups: Groups): Recipient[] {
  const found = new Map<string, Recipient>();
  const add = (address: string, group: string | null): void => {
    const name = exactName(address);
    const known = found.get(name) ?? { address, groups: [] };
    found.set(name, group === null ? known : { ...known, groups: [...known.groups, group] });
  };
  for (const name of names) {
    const [, group] = /^group:(.*)$/s.exec(name) ?? [];
    if (group !== undefined) for (const address of groups.get(group) ?? []) add(address, group);
    else if (isAddress(name)) add(name, null);
  }
  return [...found.values()];
}

/** Whom the policy of this approval names by now. */
export function namedBy({ policy }: ApprovalRecord, groups: Groups): Recipient[] {
  return peopleBehind([...(policy.approvers ?? []), ...policy.escalated_to], groups);
}
