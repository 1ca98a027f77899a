/** The parts of the panel, in the order that they are shown in. */
export const sections = {
  approvals: { title: "Approvals", path: "/panel" },
  runs: { title: "Runs", path: "/panel/runs" },
  try: { title: "Try it", path: "/panel/try" },
  history: { title: "History", path: "/panel/history" },
  settings: { title: "Settings", path: "/panel/settings" },
} as const;
export type Section = keyof typeof sections;
