import type { Child } from "hono/jsx";
import { visible } from "../approval/visible.ts";
import { Page } from "./page.tsx";
import { Tabs } from "./tabs.tsx";
import { words } from "./words.ts";

/** The parts of what starts by itself. */
export const triggerParts = {
  overview: { title: words.triggers.parts.overview, path: "/panel/triggers" },
  events: { title: words.triggers.parts.events, path: "/panel/events" },
  create: { title: words.triggers.parts.create, path: "/panel/schedules" },
} as const;
export type TriggerPart = keyof typeof triggerParts;

interface TriggerPageProps {
  /** Which part it is; null where it is one thing of a part. */
  part: TriggerPart | null;
  /** The parts that whoever looks at it may open. */
  parts: readonly TriggerPart[];
  title: string;
  problem?: string | undefined;
  children?: Child;
}

/** A page of what starts by itself, with a way to the others. */
export function TriggerPage({ part, parts, title, problem, children }: TriggerPageProps) {
  return (
    <Page section="triggers" title={title}>
      <Tabs
        label={words.triggers.title}
        tabs={parts.map((one) => ({
          title: triggerParts[one].title,
          href: triggerParts[one].path,
          isCurrent: one === part,
        }))}
      />
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      {children}
    </Page>
  );
}
