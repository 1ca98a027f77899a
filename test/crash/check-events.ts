import type { Found, LoggedEvent } from "./evidence.ts";
import type { Ledger } from "./ledger.ts";
import type { SentEvent } from "./sender.ts";
import type { StoredRun } from "./storage.ts";

/** The events that were delivered against the runs that there are, and against the database's log of them. */
export function checkEvents(
  sent: readonly SentEvent[],
  {
    found,
    logged,
    stored,
  }: {
    found: readonly Found[];
    logged: readonly LoggedEvent[];
    stored: ReadonlyMap<string, StoredRun>;
  },
  ledger: Ledger,
): void {
  const started = [...stored.values()]
    .map(({ state }) => state)
    .filter(({ member, requestedBy }) => member === null && requestedBy.startsWith("webhook:"));
  const runs = Map.groupBy(started, ({ message }) => message);
  const views = new Map(found.map(({ run, view }) => [run.id, view]));
  for (const { acknowledged, plan } of sent) {
    const { agentId, message, userId } = plan;
    if (acknowledged === null) continue;
    const { run_id: id } = acknowledged;
    const own = (runs.get(message) ?? []).map((state) => state.id);
    ledger.check(
      "W2 every acknowledged event has exactly one run",
      own.length === 1 && own[0] === id,
      () => `${message}: ${id}, and there are ${own.join(", ")}`,
    );
    const view = views.get(id);
    const isKept =
      view?.requested_by === `webhook:${agentId}` &&
      view.session_id === acknowledged.session_id &&
      view.user_id === userId;
    ledger.check("W2 an event that was acknowledged is never lost", isKept, () => {
      return `${message}: ${id} ${JSON.stringify(view)}`;
    });
  }
  const delivered = new Set(sent.map(({ plan }) => `webhook:${plan.agentId} ${plan.message}`));
  for (const { id, message, requestedBy } of started)
    ledger.check(
      "W2 no run is there by webhook that no event was delivered for",
      delivered.has(`${requestedBy} ${message}`),
      () => `${id} by ${requestedBy}: ${message}`,
    );
  const byEventId = new Map(sent.map((event) => [event.acknowledged?.event_id, event]));
  for (const { deliveries, id, run_id, status, webhook } of logged) {
    const event = byEventId.get(id);
    const isOwn =
      event?.plan.agentId === webhook &&
      status === "started" &&
      run_id === event.acknowledged?.run_id;
    ledger.check("W2 the log says of each event which run it has started", isOwn, () => {
      return `${id} by ${webhook}, ${status}, ${deliveries} deliveries: ${run_id}`;
    });
  }
}
