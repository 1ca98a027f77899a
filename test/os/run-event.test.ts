import { expect, test } from "vitest";
import { RunEvent } from "../../src/os/run-event.ts";
import { approve, pending, start } from "../client.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { script } from "../world.ts";
import { http } from "./http.ts";

const events = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]): unknown => JSON.parse(data));

const told = async (path: string, runId: string) =>
  events(await (await http("POST", `${path}/runs/${runId}/resume`)).text());

const gated = { calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] };
const broken = { response: () => new Response("no", { status: 400 }) };

test("every event is as the document describes it, and holds nothing that it does not describe", async () => {
  const path = "/agents/tester";
  const decided = await start(
    script({ ...gated, text: "Let me see." }, { calls: [{ name: "fail", args: {} }] }),
  );
  await approve((await pending(decided.run_id)).id);
  const cancelled = await start(script(gated));
  await http("POST", `${path}/runs/${cancelled.run_id}/cancel`);
  const failed = await start(script(broken));

  const all = [];
  for (const { run_id } of [decided, cancelled, failed]) all.push(...(await told(path, run_id)));
  expect(namesIn(all)).toEqual(documented.filter((name) => !name.startsWith("Team")));
});

test("so is every event of a team, and those of its members that are told among them", async () => {
  const path = "/teams/crew";
  const decided = await lead(
    { text: "Let me see.", calls: [handing("clerk", gated, { text: "Gone." })] },
    { calls: [{ name: "set_flag", args: { user_id: 1 } }] },
  );
  await approve((await pending(decided.run_id)).id);
  await settledTeam(decided.run_id);
  const cancelled = await lead(gated);
  await http("POST", `${path}/runs/${cancelled.run_id}/cancel`);
  const failed = await lead(broken);

  const all = [];
  for (const { run_id } of [decided, cancelled, failed]) all.push(...(await told(path, run_id)));
  const ofTeams = documented.filter((name) => name.startsWith("Team"));
  expect(namesIn(all)).toEqual(expect.arrayContaining([...ofTeams, "RunStarted", "RunPaused"]));
});

const documented = RunEvent.shape.event.options.toSorted();

function namesIn(all: readonly unknown[]): string[] {
  return [...new Set(all.map((event) => RunEvent.strict().parse(event).event))].toSorted();
}
