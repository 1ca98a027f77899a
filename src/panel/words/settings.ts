import type { Child } from "hono/jsx";
import { phrase } from "../phrase.ts";

type Wrap = (text: string) => Child;

export const settings = {
  title: "Settings",
  parts: {
    agents: "Agents and tools",
    switches: "Kill switch",
    keys: "API keys",
    channels: "Channels",
    links: "Linked accounts",
    signIn: "Sign-in",
  },
};

/** The agents and teams, and what stands before their tools. */
export const agents = {
  none: (code: Wrap) =>
    phrase`There are no agents yet: give ${code("AgentOS")} some, as ${code("agents")} or ${code("teams")}.`,
  kinds: { agent: "(agent)", team: "(team)" },
  id: "Id",
  model: "Model",
  members: "Members",
  noTools: "It has no tools.",
  policyOf: (tool: string) => `Policy of ${tool}`,
  gate: {
    recorded: ", and a record of it is left",
    approver: "an approver",
    user: "the run's own user",
    confirm: (who: string, record: string) => `Waits for ${who} to confirm it${record}.`,
    fillIn: (who: string, fields: string, record: string) =>
      `Waits for ${who} to fill in ${fields}${record}.`,
    execute: (who: string, record: string) =>
      `Waits for ${who} to do it and hand in the result${record}.`,
    none: (record: string) => `Runs without asking${record}.`,
  },
  policy: {
    byCode: "Decided by code",
    deciders: "people decided by code",
    asked: "Asked for",
    everyCall: "Every call",
    whoDecides: "Who decides",
    risk: "Risk",
    expires: "Expires in",
    refused: (span: string) => `${span}, then the call is refused`,
    cancelled: (span: string) => `${span}, then the run is cancelled`,
    use: "Use within",
    ofDecision: (span: string) => `${span} of the decision`,
    edit: "May be changed",
    reasons: "Reasons to reject",
    reminders: "Reminders",
    after: (spans: string) => `after ${spans}`,
    escalation: "Escalation",
    afterAlso: (span: string, who: string) => `after ${span} also ${who}`,
    secret: "Shown to nobody",
    preview: "Preview",
  },
};

export const switches = {
  refused: "Nothing was paused: see what is said below.",
  about:
    "While a switch is on, no gated call of its starts. Approvals wait, can be decided and keep their decision; what has started goes on. Pausing a team pauses all its members' work for it.",
  title: "Everything",
  everything: "everything",
  kinds: { agent: "(agent)", team: "(team)" },
  paused: "Paused",
  notPaused: "Not paused",
  by: (who: string, moment: Child) => phrase`, by ${who}, ${moment}`,
  pause: (what: string) => `Pause ${what}`,
  unpause: (what: string) => `Unpause ${what}`,
  why: (what: string) => `Why pause ${what}?`,
  whyHint: "(shown wherever calls are held)",
};

export const apiKeys = {
  refused: "No key was made: see what is said below.",
  new: "New key",
  title: "Keys",
  none: "There is no key yet. Make one for each service that asks this API, with no more scopes than it needs.",
  revoked: (moment: Child) => phrase`Revoked ${moment}`,
  expired: (moment: Child) => phrase`Expired ${moment}`,
  expires: (moment: Child) => phrase`Expires ${moment}`,
  endless: "Never expires",
  scopes: "Scopes",
  groups: "Groups",
  made: "Made",
  madeBy: (moment: Child, who: string) => phrase`${moment} by ${who}`,
  revoke: (name: string) => `Revoke ${name}`,
  revokeHint: "It is refused from the next request on, for good.",
  revokeForGood: (name: string) => `Revoke ${name} for good`,
  of: (name: string) => `The key of ${name}`,
  copy: "Copy it now: it is shown this once, and kept nowhere.",
  copied: "I have copied it: back to the keys",
  form: {
    name: "Name",
    nameHint: "What it is for; shown wherever the key does something.",
    single: "For single agents and teams",
    singleHint: "Such as agents:data-manager:run, with spaces or line ends between them.",
    groupsHint: "Those that it counts as one of, with commas between them. May be left empty.",
    expires: "Expires in",
    expiresHint: "A number with a unit, such as 4h or 90d.",
    endless: "It never expires, whatever is said above",
    press: "Make the key",
    wrongSpan: "Give a number with a unit, such as 4h or 90d, of ten years at most.",
    noScope: "Give one scope at least.",
  },
};

export const channels = {
  none: (code: Wrap) =>
    phrase`There is no channel: people hear of approvals here and over the API. Slack, mail and webhooks are given to AgentOS as ${code("channels")}.`,
  told: "What they were told",
  deliveries: "Deliveries",
  all: "All",
  statuses: {
    delivered: "Delivered",
    failed: "Failed",
    undeliverable: "Undeliverable",
    gone: "Gone",
  },
  nothing: "Nothing yet.",
  isOpen: "Open",
  isClosed: (moment: Child, reason: string) => phrase`Closed ${moment}: ${reason}`,
  open: (id: string) => `Open ${id}`,
  close: (id: string) => `Close ${id}`,
  closedBy: (who: string) => `Closed by ${who}.`,
  to: (channel: string, moment: Child) => phrase`to ${channel}, ${moment}`,
  attempts: (count: number) => ` after ${count} attempts`,
  error: (text: string) => `: ${text}`,
  again: "Send it again",
  sendAgain: (type: string, id: string) => `Send it again: ${type} of ${id}`,
  notReceived: (problem: string) => `It was not received: ${problem}`,
};

export const links = {
  link: "Link an account",
  about: "A code links your account in Slack to you: what you decide there is decided as you then.",
  make: "Make a code",
  nobody:
    "The security key, an API key and a machine without sign-in are nobody in particular, so no account can stand for them. Sign in as yourself, with a token or through Cloudflare Access, to link one.",
  accounts: "Accounts",
  lasts: "A link lasts 30 days; then the account is to be linked anew.",
  none: "No account is linked to you.",
  linked: "Linked",
  over: "Over",
  until: "Until",
  unlink: (name: string) => `Unlink ${name}`,
  code: "Your code",
  codeHint:
    "It is shown this once, links one account, and is over in ten minutes. Give it to nobody: whoever enters it decides as you.",
  inSlack: "In Slack",
  press:
    "Press Link my account below a refusal of kern's, or open the shortcuts (the + beside where you write) and choose Link my kern account.",
  enter: "Enter the code, and press Link.",
  back: "Back to the accounts",
};

/** Who is signed in, and how people come in. */
export const who = {
  title: "You",
  name: "Name",
  principal: "Principal",
  kind: "Kind",
  shared: ", one for all: nobody in particular",
  scopes: "Scopes",
  groups: "Groups",
  none: "none",
  assurance: "Assurance",
  sees: "Sees",
  seesOwn: "what they have asked for themselves",
  seesAll: "what everybody has asked for",
  signOut: "Sign out",
  byAccess: (signOut: Wrap) =>
    phrase`Cloudflare Access let you in: ${signOut("sign out there as well")}.`,
  ways: "Who is let in",
  open: "Everybody, without signing in, because KERN_AUTH says so.",
  alone: "Whoever is at this machine, without signing in, because nothing else is set.",
  key: "Whoever has the security key.",
  previousKey: "Whoever has the previous security key, until it goes.",
  tokens: (issuer: string) => `Bearers of tokens (JWT) of ${issuer}`,
  access: (issuer: string) => `People whom Cloudflare Access lets in at ${issuer}`,
  apiKeys: "Services with an API key.",
};
