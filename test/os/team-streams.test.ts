import { beforeEach, expect, test } from "vitest";
import { approve, ask, pending } from "../client.ts";
import { handing, lead, settledTeam } from "../team.ts";
import { effects, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

interface Told {
  event: string;
  run_id: string;
  event_index?: number;
  member_event_index?: number;
  [field: string]: unknown;
}

async function events(response: Response): Promise<Told[]> {
  const text = await response.text();
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Told);
}

test("a team's stream tells what its members and theirs do, each in its place, and ends with the pause", async () => {
  const message = script(
    {
      text: "Let me see.",
      calls: [
        handing(
          "middle",
          {
            calls: [
              handing("inner", { calls: [{ name: "refund", args: {} }] }, { text: "inner done" }),
            ],
          },
          { text: "middle done" },
        ),
      ],
    },
    { text: "All done." },
  );
  const told = await events(await ask("POST", "/teams/crew/runs", { message }));
  const names = told.map(
    ({ event, team_id, agent_id }) => `${String(team_id ?? agent_id)} ${event}`,
  );
  expect(names[0]).toBe("crew TeamRunStarted");
  expect(names.slice(-3)).toEqual([
    "inner TeamRunPaused",
    "middle TeamRunPaused",
    "crew TeamRunPaused",
  ]);
  const order = (name: string): number => names.indexOf(name);
  expect(order("crew TeamToolCallStarted")).toBeLessThan(order("middle TeamRunStarted"));
  expect(order("middle TeamToolCallStarted")).toBeLessThan(order("inner TeamRunStarted"));
  const own = told.filter(({ team_id }) => team_id === "crew" && "event_index" in told);
  for (const { event_index, team_id } of told)
    if (team_id !== "crew") expect(event_index).toBeUndefined();
  expect(own.every(({ member_event_index }) => member_event_index === undefined)).toBe(true);
  const last = told.at(-1);
  expect(last).toMatchObject({ requirements: [{ member_agent_id: "inner" }] });
  expect(
    told
      .filter(({ event }) => event === "TeamRunStarted")
      .map(({ parent_run_id }) => typeof parent_run_id),
  ).toEqual(["undefined", "string", "string"]);
  const runId = told[0]?.run_id ?? "";
  await approve((await pending(runId)).id);
  await settledTeam(runId);
  const rest = await events(
    await ask("POST", `/teams/crew/runs/${runId}/resume`, { last_event_index: last?.event_index }),
  );
  expect(rest.map(({ event }) => event)).toEqual([
    "TeamRunContinued",
    "TeamToolCallCompleted",
    "TeamRunContent",
    "TeamRunContentCompleted",
    "TeamRunCompleted",
  ]);
});

test("an answer through the team's stream is followed by what its member makes of it", async () => {
  const run = await lead(
    {
      calls: [
        handing(
          "clerk",
          { calls: [{ name: "rename", args: { user_id: "u", name: "n" } }] },
          { text: "Renamed." },
        ),
      ],
    },
    { text: "Done." },
  );
  const [wait] = run.requirements;
  const told = await events(
    await ask("POST", `/teams/crew/runs/${run.run_id}/continue`, {
      stream: true,
      requirements: [{ ...wait, confirmation: true }],
    }),
  );
  const names = told.map(({ event }) => event);
  expect(names.slice(-1)).toEqual(["TeamRunCompleted"]);
  expect(names).toEqual(
    expect.arrayContaining(["RunContinued", "ToolCallCompleted", "RunCompleted"]),
  );
  expect(names.indexOf("RunCompleted")).toBeLessThan(names.indexOf("TeamToolCallCompleted"));
});
