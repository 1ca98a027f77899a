import type { Child } from "hono/jsx";
import { phrase } from "../phrase.ts";

type Wrap = (text: string) => Child;

/** What starts runs by itself: the page of all of it, and the way to its parts. */
export const triggers = {
  title: "Triggers",
  parts: { overview: "Webhooks and schedules", events: "Events", create: "New schedule" },
  /** Who started a run, where that was nobody in particular; `name` is the trigger's, as a link. */
  by: {
    webhook: (name: Child) => phrase`the webhook ${name}`,
    schedule: (name: Child) => phrase`the schedule ${name}`,
  },
  byHand: (who: string, schedule: Child) => phrase`${who}, who had the schedule ${schedule} run`,
};

export const webhooks = {
  title: "Webhooks",
  none: (code: Wrap) =>
    phrase`There is no webhook: nothing that comes in starts a run. Webhooks are given to ${code("AgentOS")} in code, as ${code("triggers")}.`,
  address: "Address",
  addressHint: "Where the sender is to post its events.",
  starts: "Starts",
  proof: "Known by",
  events: "Listens to",
  everything: "everything",
  secret: "Secret",
  isThere: "It is there.",
  missing: (reason: string) => `Nothing is taken. ${reason}`,
  itsEvents: (id: string) => `Events of ${id}`,
  last: "What came in last",
};

export const events = {
  title: "Events",
  webhook: "Webhook",
  statuses: {
    started: "started a run",
    ignored: "ignored",
    failed: "could not be mapped",
  },
  any: "Any",
  filter: "Filter",
  /** Where the sender does not say what it is. */
  untyped: "no type",
  by: (webhook: string, moment: Child) => phrase`by ${webhook}, ${moment}`,
  deliveries: (count: number) => (count === 1 ? "delivered once" : `delivered ${count} times`),
  run: "Its run",
  none: "Nothing has come in yet.",
  noFit: "No event fits.",
  noOlder: "There are no older events.",
  seeAll: "See all of them",
};

/** The page of one. */
export const event = {
  title: (type: string) => `Event: ${type}`,
  error: "Why it could not be mapped",
  delivered: "Delivered",
  replayed: "Replayed",
  times: (count: number) => (count === 1 ? "once" : `${count} times`),
  never: "never",
  first: "First came in",
  last: "Last told of",
  id: "Event",
  headers: "Headers",
  noHeaders: "None of them was kept.",
  body: "What came in",
  outside: (webhook: string) =>
    `Text from outside, as ${webhook} took it. Nothing in it is kern's, and nobody has checked what it says.`,
  empty: "It was empty.",
  replay: "Replay",
  replayHint:
    "It is mapped once more, by the code as it is now, and where that gives a run, it is started. You count as having asked for it.",
  another: "Start another run",
  anotherHint:
    "This event has started a run already, and starts another one beside it. You count as having asked for it.",
  anotherSurely: "Yes, start another run of it",
  mayNot: "It is replayed by who may run the webhook's agent.",
  gone: "Its webhook is not in the code any more, so it cannot be replayed.",
  meanwhile: "Somebody has replayed it meanwhile: look at what came of that first.",
  refused: (problem: string) => `It was not replayed: ${problem}`,
};

export const schedules = {
  title: "Schedules",
  none: "There is no schedule: nothing starts by the clock. They are given to AgentOS in code, as triggers, or made here and over the API.",
  starts: "Starts",
  times: "Times",
  cron: (cron: Child, zone: string) => phrase`${cron} in ${zone}`,
  next: "Due next",
  at: (moment: Child, clock: string) => phrase`${moment} (${clock})`,
  notWhilePaused: "not while it is paused",
  never: "never again",
  paused: "Paused",
  going: "Not paused",
  state: "State",
  from: "Written",
  sources: { code: "in code", api: "over the API or here" },
  last: "Last times",
  noneYet: "none yet",
  runNow: "Run now",
  runThis: (id: string) => `Run now: ${id}`,
  pause: "Pause",
  pauseThis: (id: string) => `Pause: ${id}`,
  unpause: "Unpause",
  unpauseThis: (id: string) => `Unpause: ${id}`,
  further: "Further schedules",
  first: "The first schedules",
  refused: (problem: string) => `Nothing was done. ${problem}`,
};

/** The page of one. */
export const schedule = {
  title: (id: string) => `Schedule ${id}`,
  message: "What the agent is asked",
  session: "Session",
  ownSession: "each run its own",
  overlap: "Where the run before has not ended",
  overlaps: {
    skip: "this one is passed over",
    queue: "one waits for it",
    allow: "this one starts beside it",
  },
  missed: "Where its time went by",
  misses: { run_once: "the last time is made up for", skip: "it is passed over" },
  asked: "Counts as having asked",
  byCode: "nobody: it is written in code",
  /** What is shared by many, such as the security key, proves no name. */
  byNobody: "nobody in particular",
  made: "Made",
  changed: "Last changed",
  runs: "Its times",
  noneYet: "It has not been due yet.",
  noOlder: "There are no older times.",
  statuses: {
    started: "started",
    queued: "waits for the run before",
    skipped: "passed over",
    failed: "could not be started",
  },
  byHand: ", by hand",
  run: "Its run",
  runIs: (status: string) => `, ${status}`,
  reason: (text: string) => `: ${text}`,
  remove: (id: string) => `Delete ${id}`,
  removeHint: "It starts nothing any more, for good. What it has started goes on.",
  removeForGood: (id: string) => `Delete ${id} for good`,
};

/** The form that makes one. */
export const newSchedule = {
  title: "New schedule",
  noAgents: "There is no agent or team that you may run, so there is none that you may schedule.",
  agent: "Agent or team",
  kinds: { agent: "(agent)", team: "(team)" },
  message: "Message",
  messageHint: "What it is asked each time. You count as having asked for its runs.",
  cron: "Times",
  cronHint:
    "Five fields: minute, hour, day of the month, month, weekday. 0 9 * * MON-FRI is nine on each weekday.",
  timezone: "Time zone",
  timezoneHint: "The name of a place as IANA has it, such as Europe/Berlin, or UTC.",
  id: "Id",
  idHint: "Lower-case letters, digits and hyphens. Left empty, it is given one.",
  press: "Make the schedule",
  refused: "No schedule was made: see what is said below.",
  problem: (problem: string) => `No schedule was made. ${problem}`,
};
