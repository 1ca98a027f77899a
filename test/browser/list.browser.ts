import { afterEach, expect } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { api, expectAccessible, expectNoSidewaysScroll, test } from "./browser.ts";

let runPath: string | undefined;
afterEach(async () => {
  // What waits here would stand before what other tests wait for.
  if (runPath !== undefined) await api(`${runPath}/cancel`, {});
});

/** Starts one run with so many calls that wait; the last of them has the least time. */
async function manyPaused(marker: string, count: number): Promise<void> {
  const call = (n: number) => ({ name: "send_text", args: { text: `${marker} ${n}` } });
  const soonest = { name: "pay_out", args: { amount: 1, to: marker, code: "" } };
  const calls = [...Array.from({ length: count - 1 }, (_, n) => call(n)), soonest];
  const message = JSON.stringify(calls);
  const run = await api<RunView>("/agents/desk/runs", { message, user_id: "mia", stream: false });
  runPath = `/agents/desk/runs/${run.run_id}`;
  expect(run.status).toBe("PAUSED");
}

for (const script of [true, false]) {
  test(`more than a page that waits is found page by page, the soonest to expire first, each once, ${script ? "with" : "without"} script`, async ({
    open,
  }) => {
    const marker = `page-${script}`;
    await manyPaused(marker, 60);
    const page = await open(`/panel?q=${marker}`, { script, size: "phone" });
    const rows = page.locator("[data-row] a");
    const shown = async () =>
      Promise.all((await rows.all()).map(async (row) => row.getAttribute("href")));
    const first = await shown();
    expect(first).toHaveLength(50);
    expect(await rows.first().textContent()).toBe("pay_out");
    await page.getByRole("link", { name: "Later to expire" }).click();
    await page.getByRole("link", { name: "Soonest to expire" }).waitFor();
    const second = await shown();
    expect(second).toHaveLength(10);
    expect(new Set([...first, ...second]).size).toBe(60);
    expect(await page.getByRole("link", { name: "Later to expire" }).count()).toBe(0);
    await expectNoSidewaysScroll(page);
    if (script) await expectAccessible(page);
    await page.getByRole("link", { name: "Soonest to expire" }).click();
    await page.getByRole("link", { name: "Later to expire" }).waitFor();
    expect(await shown()).toEqual(first);
  });
}
