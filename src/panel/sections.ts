import { words } from "./words.ts";

/** The parts of the panel, in the order that they are shown in. */
export const sections = {
  approvals: { title: words.sections.approvals, path: "/panel" },
  runs: { title: words.sections.runs, path: "/panel/runs" },
  try: { title: words.sections.try, path: "/panel/try" },
  history: { title: words.sections.history, path: "/panel/history" },
  settings: { title: words.sections.settings, path: "/panel/settings" },
} as const;
export type Section = keyof typeof sections;
