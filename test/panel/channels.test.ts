import { afterEach, expect, test, vi } from "vitest";
import { KernError } from "../../src/errors.ts";
import { pager, turnOn } from "../channels/channels.ts";
import { get, start } from "../client.ts";
import { http } from "../os/http.ts";
import { script } from "../world.ts";
import { see } from "./page.ts";

const path = "/panel/settings/channels";
const post = async (to: string, fields: Record<string, string>, origin = "http://localhost") =>
  http("POST", to, { body: new URLSearchParams(fields), headers: { origin } });

afterEach(async () => {
  turnOn();
  pager.answer = undefined;
  await post(`${path}/open`, { channel_id: "pager" });
});

async function told() {
  turnOn("pager");
  const message = script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
  const { run_id } = await start(message);
  return vi.waitFor(async () => {
    const { data } = await get<{ data: { id: string; status: string; attempts: number }[] }>(
      `/deliveries?run_id=${run_id}`,
    );
    const [one] = data;
    if (one === undefined) throw new Error("Nothing was told yet.");
    return one;
  });
}

test("the channels are listed with what they were told, and one is closed and opened again", async () => {
  await told();
  const page = await see(await http("GET", path));
  const items = page.texts["li"]?.join("\n") ?? "";
  for (const text of ["pagerOpen", "hookOpen", "approval.pending to pager"])
    expect(items).toContain(text);
  expect((await post(`${path}/close`, { channel_id: "pager" })).status).toBe(303);
  expect((await see(await http("GET", path))).texts["li"]?.join()).toContain(
    "Closed by anonymous.",
  );
  expect((await post(`${path}/open`, { channel_id: "pager" })).status).toBe(303);
  expect((await post(`${path}/close`, { channel_id: "nothing" })).status).toBe(404);
});

test("a message is sent again, and where that fails the page says why", async () => {
  const { id } = await told();
  const before = pager.told.length;
  expect((await post(`${path}/redeliver`, { delivery_id: id })).status).toBe(303);
  expect(pager.told.slice(before).map(({ notice }) => notice.id)).toEqual([id]);
  pager.answer = () => {
    throw new KernError("unavailable", "It is <b>down</b>.");
  };
  const failed = await post(`${path}/redeliver`, { delivery_id: id });
  expect(failed.status).toBe(409);
  expect((await see(failed)).texts["p"]?.join()).toContain("It is <b>down</b>.");
});

test("a form of another page changes nothing", async () => {
  const { id } = await told();
  const before = pager.told.length;
  for (const [to, fields] of [
    ["close", { channel_id: "pager" }],
    ["redeliver", { delivery_id: id }],
  ] as const) {
    const { status } = await post(`${path}/${to}`, fields, "https://evil.example.com");
    expect(status).toBeGreaterThanOrEqual(400);
  }
  expect(pager.told).toHaveLength(before);
  const { data } = await get<{ data: { id: string; open: boolean }[] }>("/channels");
  expect(data.every(({ open }) => open)).toBe(true);
});
