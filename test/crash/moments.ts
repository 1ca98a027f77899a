/** The moments at which the runtime is killed on purpose. */
export const stateNames = [
  "model asked, no answer",
  "model answered, step not stored",
  "tool called, no answer",
  "tool answered, result not stored",
  "start stored, starter not told",
  "telling of a pause",
  "decided, decider not told",
  "told, not noted",
  "reconcile asked, no answer",
  "member told to start, not answered",
  "member ended, team not told",
  "team told, not answered",
  "recovering after a restart",
] as const;
export type StateName = (typeof stateNames)[number];

/** Told apart afterwards: whether what was answered was stored is known once it is asked for again. */
export const confirmedLater = new Set<StateName>([
  "model answered, step not stored",
  "tool answered, result not stored",
]);
/** Too rare to wait for: struck whenever they occur. */
export const rare = new Set<StateName>(["reconcile asked, no answer"]);
/** What the runtime is sure to come to soon. */
export const frequent = stateNames.filter(
  (name) => !rare.has(name) && name !== "recovering after a restart",
);
