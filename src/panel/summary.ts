import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { firstWords } from "./text.ts";
import { words } from "./words.ts";

const maxLength = 160;

/** The arguments on one line, something of each; the whole of them stands on the approval's own page. */
export function summaryOf({ tool_args }: ApprovalRecord): { text: string; isWhole: boolean } {
  const all = JSON.stringify(tool_args);
  if (visible(all).length <= maxLength) return { text: visible(all), isWhole: true };
  const pairs = Object.entries(tool_args);
  // So that a long one does not push the others out of sight.
  const share = Math.max(20, Math.floor(maxLength / pairs.length));
  const parts = pairs
    .slice(0, 8)
    .map(
      ([name, value]) =>
        `${firstWords(JSON.stringify(name), 40)}:${firstWords(JSON.stringify(value), share)}`,
    );
  const more = pairs.length > parts.length ? [words.common.more(pairs.length - parts.length)] : [];
  return { text: [...parts, ...more].join(", "), isWhole: false };
}

/** How far the votes have come; null where one person decides alone. */
export function votesInWords({ policy, votes }: ApprovalRecord): string | null {
  const { approve, reject } = policy.quorum;
  if (approve === 1 && reject === 1) return null;
  const against = new Set(votes.filter(({ status }) => status === "rejected").map(({ by }) => by));
  // Who said no takes back their yes, and a yes counts for the arguments that it was given for.
  const yes = votes.filter(({ by, status }) => status === "approved" && !against.has(by));
  const most = yes.map(({ args_hash }) => yes.filter((one) => one.args_hash === args_hash).length);
  const said = words.approvals.votes(Math.max(0, ...most), approve);
  return against.size === 0 ? said : words.approvals.against(said, against.size, reject);
}
