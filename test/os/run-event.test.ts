import { expect, test } from "vitest";
import { RunEvent } from "../../src/os/run-event.ts";
import { approve, pending } from "../client.ts";
import { script } from "../world.ts";
import { http, json } from "./http.ts";

const events = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]): unknown => JSON.parse(data));

const told = async (runId: string) =>
  events(await (await http("POST", `/agents/tester/runs/${runId}/resume`)).text());

const started = async (message: string) => {
  const body = json({ message, stream: false });
  const { run_id } = await (
    await http("POST", "/agents/tester/runs", body)
  ).json<{ run_id: string }>();
  return run_id;
};

test("every event is as the document describes it, and holds nothing that it does not describe", async () => {
  const gated = { calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] };
  const decided = await started(
    script({ ...gated, text: "Let me see." }, { calls: [{ name: "fail", args: {} }] }),
  );
  await approve((await pending(decided)).id);
  const cancelled = await started(script(gated));
  await http("POST", `/agents/tester/runs/${cancelled}/cancel`);
  const failed = await started(script({ response: () => new Response("no", { status: 400 }) }));

  const all = [...(await told(decided)), ...(await told(cancelled)), ...(await told(failed))];
  const seen = new Set(all.map((event) => RunEvent.strict().parse(event).event));
  expect([...seen].toSorted()).toEqual(RunEvent.shape.event.options.toSorted());
});
