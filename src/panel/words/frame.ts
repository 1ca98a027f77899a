import type { Child } from "hono/jsx";
import { phrase } from "../phrase.ts";

export const frame = {
  /** What the navigation is called. */
  nav: "Panel",
  /** What is said by script where a part of the page has become another. */
  changed: "This has changed.",
};

export const sections = {
  approvals: "Approvals",
  runs: "Runs",
  try: "Try it",
  triggers: "Triggers",
  history: "History",
  settings: "Settings",
};

export const shortcuts = {
  title: "Keys",
  next: "To the next approval of the list, or the one before",
  approve: "To the button that approves; Enter presses it",
  reject: "To the reason of a rejection",
  fill: "To the first field that can be filled in or changed",
  help: "This help",
  use: "Use these keys",
  close: "Close",
};

export const held = {
  wait: "What is approved keeps its decision, and waits until it is unpaused.",
  by: (who: string, reason: string | null) => ` by ${who}${reason === null ? "" : `: ${reason}`}`,
  /** `by` is the text above, or empty; `end` is the stop that it lacks. */
  everything: (by: string, end: string) => `Everything was paused${by}${end} No gated call starts.`,
  one: (name: string, by: string, end: string) =>
    `'${name}' was paused${by}${end} No gated call of its starts.`,
  unknown: "The kill switch cannot be read, so no gated call starts.",
};

export const problems = {
  notFound: "Not found",
  failed: "That did not work",
  ours: "Something went wrong on our side. Nothing was decided.",
  signedOut: "You are not signed in any more. Nothing was decided.",
  signIn: "Sign in",
  unreadable: "That answer cannot be read.",
  seeBelow: "Something does not fit: see what is said of it below.",
};

/** Words that many pages share. */
export const common = {
  pages: "Pages",
  newest: "Newest",
  older: "Older",
  agent: "Agent",
  team: "Team",
  tool: "Tool",
  user: "User",
  run: "Run",
  noUser: "No user named",
  forUser: (user: string) => `For ${user}`,
  startedBy: "Started by",
  yourName: "Your name",
  note: "Note",
  text: "Text",
  status: "Status",
  nothing: "nothing",
  /** A count that stopped somewhere. */
  orMore: (count: number) => `${count} or more`,
  inTeam: (name: string, team: string) => `${name} in ${team}`,
  more: (count: number) => `and ${count} more`,
  abridged: (length: number) => `(${length} characters in all; the API has the whole)`,
};

/** Times and spans. */
export const time = {
  soon: "in less than a minute",
  now: "just now",
  noLimit: "no limit",
  expired: "expired",
  lastMinute: "less than a minute left",
  left: (span: string) => `${span} left`,
  minutes: (count: number) => `${count} min`,
  hours: (count: number) => `${count} h`,
  days: (count: number) => `${count} days`,
  span: (count: number, unit: SpanUnit) => `${count} ${unit}${count === 1 ? "" : "s"}`,
};
export type SpanUnit = "day" | "hour" | "minute" | "second" | "millisecond";

export const signIn = {
  title: "Sign in",
  byAccess: (goOn: (text: string) => Child) =>
    phrase`Whoever comes through Cloudflare Access has nothing to hand in: ${goOn("go on")}.`,
  open: (goOn: (text: string) => Child) => phrase`Nobody has to sign in here: ${goOn("go on")}.`,
  key: "Security key",
  token: "Token",
  keyOrToken: "Security key or token",
  wrongKey: "That is not the security key.",
  wrongToken: "That is no token that is good here now.",
  wrongEither: "That is not the security key, and no token that is good here now.",
};
