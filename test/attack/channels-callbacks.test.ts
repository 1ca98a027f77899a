import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { approve, ask, get, pending, settle, start } from "../client.ts";
import { turnOn } from "../channels/channels.ts";
import { endpoint } from "../channels/endpoint.ts";
import { script } from "../world.ts";

const deletion = () =>
  script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] }, { text: "Gone." });
interface Row {
  channel: string;
  status: string;
  error: string | null;
}
const logOf = async (runId: string) =>
  (await get<{ data: Row[] }>(`/deliveries?run_id=${runId}`)).data;

beforeEach(() => {
  endpoint.received.length = 0;
  turnOn("callback", "hook");
});
afterEach(() => {
  turnOn();
  endpoint.answer = undefined;
  vi.restoreAllMocks();
});

test("the log says nothing of callbacks where nobody asked for one, and never that one was received which was not", async () => {
  endpoint.answer = (url) => new Response("", { status: url.endsWith("/gone") ? 410 : 200 });
  const none = await start(deletion());
  const gone = await start(deletion(), { callback_url: "https://app.example.com/gone" });
  await vi.waitFor(async () => {
    expect(await logOf(none.run_id)).toMatchObject([{ channel: "hook", status: "delivered" }]);
    expect(await logOf(gone.run_id)).toHaveLength(2);
  });
  const { data } = await get<{ data: Row[] }>(`/deliveries?run_id=${gone.run_id}&channel=callback`);
  expect(data).toMatchObject([
    { status: "undeliverable", error: "The endpoint answered 410 (gone)." },
  ]);
  const channels = await get<{ data: { id: string; open: boolean }[] }>("/channels");
  expect(channels.data.find(({ id }) => id === "callback")?.open).toBe(true);
});

test("a callback's address, which may hold a secret, is in no answer, no event and no log", async () => {
  const logged: unknown[] = [];
  for (const way of ["error", "warn", "log", "info", "debug"] as const)
    vi.spyOn(console, way).mockImplementation((...words: unknown[]) => void logged.push(...words));
  endpoint.answer = () => {
    throw new TypeError("Fetch failed: https://app.example.com/told?token=sesame");
  };
  const { run_id, session_id } = await start(deletion(), {
    callback_url: "https://app.example.com/told?token=sesame",
  });
  const { id } = await pending(run_id);
  await approve(id);
  await settle(run_id);
  await vi.waitFor(() => expect(endpoint.received).not.toEqual([]));
  await vi.waitFor(async () => expect(await logOf(run_id)).not.toEqual([]));
  const answers = [logged.map((word) => String(word)).join("\n")];
  for (const path of [
    `/agents/tester/runs/${run_id}`,
    `/agents/tester/runs/${run_id}/events`,
    `/approvals/${id}`,
    `/sessions/${session_id}/runs`,
    `/sessions/${session_id}`,
    `/deliveries?run_id=${run_id}`,
    `/ops/runs/${run_id}`,
    `/panel/runs/${run_id}`,
    `/panel/approvals/${id}`,
    "/panel/settings/channels",
  ]) {
    const answer = await ask("GET", path);
    answers.push(await answer.text());
  }
  expect(answers.filter((text) => text.includes(run_id)).length).toBeGreaterThan(4);
  expect(answers.join("\n")).not.toContain("sesame");
});
