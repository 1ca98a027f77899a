import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ask, get } from "../client.ts";
import app from "../worker.ts";
import { clock, script } from "../world.ts";

/** Makes a schedule; its id. */
async function make(fields: object): Promise<string> {
  const response = await ask("POST", "/schedules", { agent_id: "tester", ...fields });
  return (await response.json<{ id: string }>()).id;
}

const tick = async (): Promise<void> =>
  app.scheduled({ cron: "* * * * *" } as ScheduledController, env, undefined as never);
const runsOf = async (id: string) =>
  (await get<{ data: { due_at: number }[] }>(`/schedules/${id}/runs?limit=200`)).data;

/** The first moment after this one at which the clocks of a place change. */
function nextChange(timezone: string, afterMs: number): number {
  const format = new Intl.DateTimeFormat("en", { timeZone: timezone, timeZoneName: "longOffset" });
  const offset = (atMs: number) =>
    format.formatToParts(atMs).find(({ type }) => type === "timeZoneName")?.value;
  let atMs = Math.ceil(afterMs / 3_600_000) * 3_600_000;
  while (offset(atMs + 3_600_000) === offset(atMs)) atMs += 3_600_000;
  return atMs + 3_600_000;
}

test("where clocks change, what has a fixed time runs once on each day, and what has none goes on", async () => {
  for (let change = 0; change < 2; change++) {
    const atMs = nextChange("Europe/Berlin", clock.now());
    // Two hours before midnight of the day before, by its clocks.
    clock.move(atMs - 28 * 3_600_000 - clock.now());
    const fields = { timezone: "Europe/Berlin", overlap: "allow", message: script() };
    const daily = await make({ ...fields, cron: "30 2 * * *" });
    const steady = await make({ ...fields, cron: "0 */2 * * *" });
    for (let hour = 0; hour < 72; hour += 2) {
      clock.move(2 * 3_600_000);
      await tick();
    }
    const days = (await runsOf(daily)).map(({ due_at }) =>
      new Date(due_at * 1000).toLocaleDateString("en-CA", { timeZone: "Europe/Berlin" }),
    );
    expect(days).toHaveLength(3);
    expect(new Set(days).size).toBe(3);
    const hours = (await runsOf(steady)).map(({ due_at }) => due_at / 3600);
    const gaps = hours.slice(1).map((one, i) => (hours[i] ?? 0) - one);
    expect(gaps.filter((gap) => gap !== 2)).toHaveLength(1);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3);
    for (const id of [daily, steady]) await ask("DELETE", `/schedules/${id}`);
  }
}, 60_000);
