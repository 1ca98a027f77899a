import type { Child } from "hono/jsx";
import { visible } from "../approval/visible.ts";
import { Page } from "./page.tsx";
import { Tabs } from "./tabs.tsx";
import { words } from "./words.ts";

/** The parts of the settings, and the scope that each asks for; null where everybody has it who has come in. */
export const settingsParts = {
  agents: { title: words.settings.parts.agents, path: "/panel/settings", scope: "config:read" },
  switches: {
    title: words.settings.parts.switches,
    path: "/panel/settings/kill-switch",
    scope: "agent_os:admin",
  },
  keys: { title: words.settings.parts.keys, path: "/panel/settings/keys", scope: "agent_os:admin" },
  channels: {
    title: words.settings.parts.channels,
    path: "/panel/settings/channels",
    scope: "agent_os:admin",
  },
  links: { title: words.settings.parts.links, path: "/panel/settings/links", scope: null },
  signIn: { title: words.settings.parts.signIn, path: "/panel/settings/sign-in", scope: null },
} as const;
export type SettingsPart = keyof typeof settingsParts;

/** What every page of the settings is told of whoever looks at it. */
export interface Frame {
  /** The parts that they may open. */
  parts: readonly SettingsPart[];
  /** Why no gated call of any agent starts; null where they do. */
  held: string | null;
}

interface SettingsProps {
  part: SettingsPart;
  frame: Frame;
  problem?: string | undefined;
  children?: Child;
}

/** A page of the settings, with a way to the others. */
export function Settings({ part, frame, problem, children }: SettingsProps) {
  const { path, title } = settingsParts.switches;
  return (
    <Page section="settings" title={settingsParts[part].title}>
      <Tabs
        label={words.settings.title}
        tabs={frame.parts.map((one) => ({
          title: settingsParts[one].title,
          href: settingsParts[one].path,
          isCurrent: one === part,
        }))}
      />
      {frame.held !== null && (
        <p class="card alarm" role="status">
          <strong class="paused">{visible(frame.held)}</strong>{" "}
          {part !== "switches" && frame.parts.includes("switches") && <a href={path}>{title}</a>}
        </p>
      )}
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      {children}
    </Page>
  );
}
