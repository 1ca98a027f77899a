import { beforeAll, describe } from "vitest";
import { api, expectAccessible, expectNoSidewaysScroll, keepScreenshot, test } from "./browser.ts";
import type { RunView } from "../../src/run/view.ts";
import {
  cameIn,
  ended,
  lapsed,
  linksIn,
  mailAbout,
  type Paused,
  paused,
  pausedAt,
} from "./runs.ts";

/** Every page of the panel by its name, with what leads to its path: a page more is a line more. */
const pages: Record<string, () => Promise<string>> = {
  "list-empty": async () => "/panel?q=nothing-like-this",
  approval: async () => (await paused("agents/data-manager", "Delete user u-42")).page,
  "approval-policy": async () =>
    (await pausedAt("pay_out", { amount: 900, to: "DE12 3456", code: "hush" })).page,
  "approval-values": async () =>
    (await pausedAt("set_profile", { user_id: "u-1", name: "Ada Lovelace" })).page,
  "approval-result": async () =>
    (await pausedAt("call_bank", { question: "What is the limit of acc-7?" })).page,
  "approval-team": async () => (await paused("teams/support-team", "Close account acc-7")).page,
  "approval-approved": async () => decided({ status: "approved" }),
  "approval-rejected": async () =>
    decided({ status: "rejected", resolution_data: { note: "Ask Mia first." } }),
  "approval-expired": async () => (await lapsed()).page,
  "not-found": async () => "/panel/approvals/apr_none",
  list: async () => "/panel",
  "list-approved": async () => "/panel?status=approved",
  runs: async () => "/panel/runs",
  run: async () => panelOf(await paused("agents/data-manager", "Delete user u-42")),
  "run-team": async () => panelOf(await paused("teams/support-team", "Close account acc-7")),
  "run-answers": async () => {
    const call = { name: "ask_profile", args: { user_id: "u-1", name: "Ada" } };
    const message = JSON.stringify([call, { name: "rename", args: call.args }]);
    const { run_id } = await api<RunView>("/agents/desk/runs", { message, stream: false });
    return `/panel/runs/${run_id}`;
  },
  "event-started": async () => cameIn({ type: "parcel.found", message: "[]" }),
  "event-failed": async () =>
    cameIn({ type: "parcel.lost", broken: "event.parcel is undefined", text: "word ".repeat(400) }),
  "event-ignored": async () => cameIn({ type: "x".repeat(128) }),
  "run-by-webhook": async () => {
    const message = JSON.stringify([{ name: "send_text", args: { text: "hello" } }]);
    await cameIn({ type: "text.asked-for", message });
    const { data } = await api<{ data: { run_id: string }[] }>("/events?status=started&limit=1");
    return `/panel/runs/${data[0]?.run_id}`;
  },
  triggers: async () => "/panel/triggers",
  events: async () => "/panel/events",
  "events-none": async () => "/panel/events?webhook=of-before",
  schedule: async () => {
    const { run_id } = await api<{ run_id: string }>("/schedules/weekly/run", {});
    await ended({ runPath: `/agents/desk/runs/${run_id}` });
    return "/panel/schedules/weekly";
  },
  "schedule-made": async () => {
    const wish = { agent_id: "desk", cron: "0 9 * * *", message: "[]" };
    const { id } = await api<{ id: string }>("/schedules", wish);
    return `/panel/schedules/${id}`;
  },
  "schedule-new": async () => "/panel/schedules",
  history: async () => "/panel/history",
  settings: async () => "/panel/settings",
  "kill-switch": async () => "/panel/settings/kill-switch",
  keys: async () => "/panel/settings/keys",
  channels: async () => "/panel/settings/channels",
  links: async () => "/panel/settings/links",
  who: async () => "/panel/settings/sign-in",
  try: async () => "/panel/try",
  "try-agent": async () => "/panel/try?agent=data-manager",
  docs: async () => "/docs",
};
/** The same for who has not signed in. */
const pagesOfStrangers: Record<string, () => Promise<string>> = {
  "sign-in": async () => "/panel/sign-in?next=/panel",
  "decide-by-mail": async () => linkOf(await pausedAt("send_by_mail", { to: "acc-7" })),
  "decide-without-link": async () => "/email/decide/apr_none",
};

const linkOf = async (run: Paused): Promise<string> =>
  linksIn(await mailAbout(run)).find((url) => url.includes("#")) ?? "";
const panelOf = ({ runPath }: Paused): string => `/panel/runs/${runPath.split("/").at(-1)}`;

async function decided(decision: object): Promise<string> {
  const { approvalId, page } = await paused("agents/data-manager", "Delete user u-7");
  await api(`/approvals/${approvalId}/resolve`, { ...decision, resolved_by: "ann" });
  return page;
}

const all = [
  ...Object.entries(pages).map(([name, path]) => ({ name, path, signedIn: true })),
  ...Object.entries(pagesOfStrangers).map(([name, path]) => ({ name, path, signedIn: false })),
];
const paths = new Map<string, string>();

beforeAll(async () => {
  for (const { name, path } of all) paths.set(name, await path());
});

describe.each(["phone", "desktop"] as const)("on a %s", (size) => {
  test.for(all)(
    "$name can be used by everyone, in light and in dark, and is no wider than the screen",
    async ({ name, signedIn }, { open }) => {
      const page = await open(paths.get(name) ?? "", { size, signedIn });
      await expectNoSidewaysScroll(page);
      for (const scheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        await keepScreenshot(page, `${name}-${scheme}-${size}`, name !== "docs");
        // Once in each size and in each of the colours.
        if ((size === "phone") !== (scheme === "light")) continue;
        await expectAccessible(page);
      }
    },
  );
});
