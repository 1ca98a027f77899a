import { createContext } from "hono/jsx";
import { words } from "./words.ts";

/** The parts of the panel, in the order that they are shown in. */
export const sections = {
  approvals: { title: words.sections.approvals, path: "/panel" },
  runs: { title: words.sections.runs, path: "/panel/runs" },
  try: { title: words.sections.try, path: "/panel/try" },
  triggers: { title: words.sections.triggers, path: "/panel/triggers" },
  history: { title: words.sections.history, path: "/panel/history" },
  settings: { title: words.sections.settings, path: "/panel/settings" },
} as const;
export type Section = keyof typeof sections;

/** Those that whoever looks at a page is led to; what may be left out is for few. */
export const ShownSections = createContext<readonly Section[]>(Object.keys(sections) as Section[]);
