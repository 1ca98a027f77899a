/** The parts of the panel, in the order that they are shown in. */
export const sections = {
  approvals: { title: "Approvals", path: "/panel" },
} as const;
export type Section = keyof typeof sections;
