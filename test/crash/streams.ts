import type { RunEvent } from "../../src/run/events.ts";
import type { Ledger } from "./ledger.ts";

/** What a stream ends with. */
export const closing = new Set(["RunPaused", "RunCompleted", "RunError", "RunCancelled"]);

/** The events of the run that was started, without those that its team's members say in between; a team's by an agent's names. */
export function eventsOf(text: string): RunEvent[] {
  const told = text.split("\n\n").flatMap((block) => {
    const data = /^data: (.*)$/m.exec(block)?.[1];
    return data === undefined ? [] : [JSON.parse(data) as RunEvent];
  });
  return told
    .filter(({ run_id }) => run_id === told[0]?.run_id)
    .map((event) => ({ ...event, event: event.event.replace(/^Team/, "") }));
}

/**
 * One reading of a run's stream, after an earlier one that was cut off; gives its committed events, but for the texts, of
 * which a reader may have got the pieces instead.
 */
export function checkStream(
  events: readonly RunEvent[],
  before: readonly RunEvent[],
  ledger: Ledger,
): RunEvent[] {
  const whole = events.filter(({ event_index }) => event_index !== undefined);
  const rising = whole.every(
    ({ event_index: index = 0 }, at) => at === 0 || index > (whole[at - 1]?.event_index ?? 0),
  );
  const what = (): string => `${events[0]?.run_id}: ${events.map(brief).join(" ")}`;
  ledger.check("a stream has each event once, in order", rising, what);
  let text = "";
  for (const { content, event } of events) {
    if (event === "RunContent") text += String(content);
    if (event !== "RunContentCompleted") continue;
    ledger.check("a stream's pieces make its text", text === content, what);
    text = "";
  }
  const committed = whole.filter(({ event }) => event !== "RunContent");
  ledger.check(
    "D4 a stream that is read again is the same",
    before.every((event, at) => JSON.stringify(event) === JSON.stringify(committed[at])) ||
      committed.length < before.length,
    () => `${JSON.stringify(before)} became ${JSON.stringify(committed)}`,
  );
  return committed;
}

function brief({ content, event, event_index }: RunEvent): string {
  return `${event_index ?? "-"}:${event}${event === "RunContent" ? `'${String(content)}'` : ""}`;
}
