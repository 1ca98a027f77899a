import type { Child } from "hono/jsx";
import type { ApprovalStatus, CallOutcome, RunStatus } from "../../approval/record.ts";
import type { Risk } from "../../tools/policy.ts";
import { phrase } from "../phrase.ts";

/** Where an approval stands. */
export const statuses = {
  pending: "pending",
  approved: "approved",
  rejected: "rejected",
  expired: "expired",
  cancelled: "cancelled",
} satisfies Record<ApprovalStatus, string>;

export const risks = {
  low: "low",
  medium: "medium",
  high: "high",
  critical: "critical",
} satisfies Record<Risk, string>;

/** Where the run of an approval stands. */
export const runStates = {
  PENDING: "pending",
  RUNNING: "running",
  PAUSED: "paused",
  COMPLETED: "completed",
  CANCELLED: "cancelled",
  ERROR: "error",
} satisfies Record<RunStatus, string>;

/** What came of a call, and that nothing has yet. */
export const outcome = {
  line: (outcome: string) => `The call: ${outcome}`,
  none: "has not ended yet",
  kinds: {
    succeeded: "succeeded",
    failed: "failed",
    refused: "refused",
    rejected: "rejected",
    expired: "expired",
    cancelled: "cancelled",
    unknown: "unknown",
  } satisfies Record<CallOutcome, string>,
};

/** The list, and what came of several at once. */
export const approvals = {
  waiting: (count: string) =>
    count === "1" ? "1 approval is waiting" : `${count} approvals are waiting`,
  unreadable: "That search cannot be read. This is what is waiting.",
  all: "All of these",
  soonest: "Soonest to expire",
  later: "Later to expire",
  noFit: "Nothing fits.",
  showWaiting: "Show what is waiting",
  none: "Nothing is waiting for you. Gated calls show up here as soon as an agent asks for one.",
  tryIt: "Try it",
  noneSuch: "There are none.",
  search: "Search",
  showAll: "Show all",
  textHint: "In an id, a name or the arguments",
  agentId: "Agent's id",
  choose: (tool: string, id: string) => `Choose ${tool}, ${id}`,
  by: (who: string) => `by ${who}`,
  risk: (risk: string) => `${risk} risk`,
  isMore: "There is more: open it to see all, and to decide.",
  votes: (count: number, needed: number) => `${count} of ${needed} votes`,
  against: (votes: string, count: number, needed: number) =>
    `${votes}, ${count} of ${needed} against`,
  chosen: "Those that are chosen",
  noteHint: "(the agents are told, where you reject)",
  approve: "Approve them",
  reject: "Reject them",
  outcome: (done: number, all: number, decision: string) => `${done} of ${all} ${decision}`,
  decided: "decided",
  back: "Back to what is waiting",
  chooseSome: "Choose up to 100 approvals, and then what becomes of them.",
  nothingDecided: "Nothing was decided.",
};

/** The page of one. */
export const approval = {
  title: (tool: string, status: string) => `${tool}: ${status}`,
  arguments: "Arguments",
  settled: (status: string) => `This is ${status} now.`,
  requestedFor: "Requested for",
  unknown: "unknown",
  asked: "Asked",
  same: "The same as the last time that it was approved",
  differs: (count: number, all: number) =>
    `${count} of ${all} are other than the last time that it was approved`,
  last: "That approval",
  lastBy: (who: string) => `, by ${who}`,
  changed: "Other than the agent asked",
  extend: {
    label: "More time, from now on",
    spans: { 4: "4 hours", 24: "1 day", 168: "7 days", 720: "30 days" },
    press: "Extend",
  },
  undecided: (problem: string) => `${problem} Nothing was decided.`,
  taken: (status: string) => `Approval is already '${status}' and cannot be resolved`,
  claim: {
    title: "The agent's claim",
    theAgent: "the agent",
    by: (name: string) => `Written by ${name}, not by a person, and checked by nobody:`,
    conversation: "Read the conversation that led to this",
  },
};

/** The forms that answer: an approval's, and the one for the run's own user. */
export const answer = {
  result: "Result",
  resultHint:
    "Do what the arguments say, then tell the agent what came of it: text, or JSON. Nothing is executed here.",
  resultIfDone: "Result, if it took effect",
  resultIfDoneHint: "What the call came to, as text or JSON: the agent is told.",
  reason: "Reason",
  reasonHint: "(needed, where you reject)",
  noteHint: "(the agent is told, where you reject)",
  retry: "Run it again",
  done: "It took effect",
  leave: "Leave it",
  approve: "Approve",
  reject: "Reject",
  edit: "Change the arguments",
  secretHint: "It is not shown. Left empty, it stays as it is.",
  jsonHint: "JSON.",
  fields: "To fill in",
  suggested: "The agent suggests:",
  before: "When this was asked before:",
  fallback: "Default, where it is left empty:",
  needed: "(needed)",
  mayBeEmpty: "(may be left empty)",
  choose: "Choose",
  leftOpen: "Left open",
  argumentsOf: (tool: string) => `Arguments of ${tool}`,
  yes: { nothing: "Confirm", values: "Send the answers", result: "Hand in the result" },
  tooLong: (max: number) => `At most ${max} characters.`,
  noResult: "Say what came of it.",
};

/** Who may decide, and what the clock brings. */
export const policy = {
  lineage: "From team to member",
  risk: "Risk",
  deciders: "Who decides",
  until: (deciders: string, moment: string) => `${deciders}, by ${moment}`,
  moment: (clock: string, fromNow: string) => `${clock} (${fromNow})`,
  votes: "Votes",
  vote: (who: string, status: string) => `${who}: ${status}`,
  reminder: "Next reminder",
  escalates: "Escalates",
  escalated: "Escalated",
  escalation: (to: string, moment: string) => `to ${to}, ${moment}`,
  lapse: "If nobody decides",
  refused: "the call is refused",
  cancelled: "the run is cancelled",
  preview: "In short",
};

export const timeline = {
  title: "So far",
  asked: (moment: Child) => phrase`Asked ${moment}`,
  by: (who: string) => ` by ${who}`,
  voted: (who: string, status: string) => `${who} voted: ${status}`,
  reminded: "Its approvers were reminded",
  escalated: (to: string) => `Escalated to ${to}`,
  others: "others",
};

/** What was decided. */
export const history = {
  title: "History",
  decisions: "Decisions",
  all: "all",
  ends: {
    approved: "Approved",
    rejected: "Rejected",
    expired: "Expired: nobody decided in time",
    cancelled: "Cancelled: the run ended before anybody decided",
    pending: "Not decided yet",
  } satisfies Record<ApprovalStatus, string>,
  by: (who: string) => `by ${who}`,
  forUser: (user: string) => `, for ${user}`,
  recorded: ", recorded only",
  endedBy: (end: string, who: Child) => phrase`${end} by ${who}`,
  note: (text: string) => `Note: ${text}`,
  decidedBy: "Decided by",
  requestedFor: "Requested for",
  from: "Asked from (day, UTC)",
  before: "Asked before (day, UTC)",
  filters: "Filters",
  show: "Show",
  clear: "Clear",
  total: (count: string, word: string) => `${count} ${word}, the newest first.`,
  ended: "ended",
  noneEnded:
    "Nothing here has ended. Every approval shows up on this page once it is decided, and stays.",
  none: (status: string) =>
    `Nothing here was ${status}. Every approval shows up on this page once it is decided, and stays.`,
  noneYet: "None of those that were looked at fit. Go on to the older ones to look further.",
  chooseTab: (tabs: string) => `Choose one of these: ${tabs}.`,
  giveDay: "Give a day, as in 2026-11-01.",
  unreadable: "These filters cannot be read.",
};
