import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { approvalIdOf, newRunId } from "../../src/run/ids.ts";
import { approve, get, pending, start } from "../client.ts";
import { db } from "../database.ts";
import { effects, script } from "../world.ts";
import { type Known, panelOperations, type Shot, shots } from "./fuzz.ts";
import { http } from "./http.ts";
import { byToken } from "../triggers/deliver.ts";
import { type Json, mismatch, operationsOf, readDocument } from "./openapi.ts";

/** How many requests are made; KERN_FUZZ asks for more of them. */
const shotCount = Number((env as { KERN_FUZZ?: string }).KERN_FUZZ || 700);
/** After so many everything that can be decided is, and is made anew. */
const roundSize = 300;
const timeout = 60_000 + shotCount * 100;
const refusals = [400, 401, 403, 404, 413, 415, 422];

const gated = async (name: string, args: object) =>
  start(script({ calls: [{ name, args }] }, { text: "Done." }));

/** Runs that wait for someone, one that has ended, and ids that nobody was given. */
async function known(): Promise<Known> {
  const runs = [
    await gated("delete_user_data", { user_id: "u-1" }),
    await gated("pay_out", { amount: 5 }),
    await gated("call_bank", { question: "Is it open?" }),
    await gated("delete_user_data", { user_id: "u-2" }),
  ];
  const approvals = await Promise.all(runs.map(({ run_id }) => pending(run_id)));
  await approve(approvals.at(-1)?.id ?? "");
  runs.push(await gated("rename", { user_id: "u-1", name: "Ada" }));
  const nobody = newRunId();
  const { meta } = await get<{ meta: { next_cursor: string } }>("/approvals?limit=1");
  return {
    run_id: [...runs.map(({ run_id }) => run_id), nobody],
    approval_id: [...approvals.map(({ id }) => id), approvalIdOf(nobody, 0)],
    agent_id: ["tester"],
    session_id: runs.map(({ session_id }) => session_id),
    cursor: [meta.next_cursor],
    callback_url: ["https://app.example.com/told"],
    channel_id: ["hook-full"],
    webhook_id: ["token", "own"],
    event_id: [(await byToken({ message: script() })).event_id ?? ""],
    schedule_id: ["nightly"],
    created_after: ["1793491200", "2026-11-01T00:00:00Z"],
  };
}

/** What was paused on the way would hold the runs of other tests. */
afterAll(async () => {
  const { data } = await get<{ data: { id: string }[] }>("/switches");
  const { channels, switches } = db.connect(env);
  for (const { id } of await channels.closed()) await channels.open(id);
  const { schedules } = db.connect(env);
  for (const { id, source } of await schedules.list(1000))
    if (source === "api") await schedules.remove(id);
  for (const { id } of data) {
    const off = { id, is_on: false, reason: null, changed_by: "root", changed_at_ms: 0 };
    await switches.set(off);
  }
});

const own = { origin: "http://localhost" };

/** What is wrong with a page; null where it is a page, whatever it says. */
async function judgePage({ operation, path, headers, body }: Shot): Promise<string | null> {
  const question = { headers: { ...own, ...headers }, ...(body !== undefined && { body }) };
  const answer = await http(operation.method, path, question);
  const text = await answer.text();
  if (answer.status >= 500 && !text.includes("Without a security key, "))
    return `${answer.status}: ${text}`;
  return [200, 303, 409, 503, ...refusals].includes(answer.status) ? null : `${answer.status}`;
}

/** What is wrong with the answer; null where it is as every answer should be. */
async function judge(
  document: Json,
  { operation, path, headers, body }: Shot,
  seen: Set<number>,
): Promise<string | null> {
  const answer = await http(operation.method, path, {
    headers,
    ...(body !== undefined && { body }),
  });
  const { status } = answer;
  seen.add(status);
  const told = { status, type: answer.headers.get("content-type"), body: await answer.text() };
  if (answer.headers.get("x-content-type-options") !== "nosniff") return "no security headers";
  const { detail } = status >= 400 ? (JSON.parse(told.body) as { detail?: unknown }) : {};
  if (status >= 500 && !String(detail).startsWith("Without a security key, "))
    return `${status}: ${told.body}`;
  if (status >= 400 && !isDetail(detail)) return `no error's shape: ${told.body}`;
  return refusals.includes(status) ? null : mismatch(document, operation, told);
}

function isDetail(detail: unknown): boolean {
  if (!Array.isArray(detail))
    return typeof detail === "string" && detail !== "" && !/\bat \S+:\d+|Error:/.test(detail);
  return detail.every(
    ({ loc, msg, type }) =>
      Array.isArray(loc) && typeof msg === "string" && typeof type === "string",
  );
}

test(
  `${shotCount} requests as wrong as can be are each answered with a documented status in the documented shape`,
  { timeout },
  async () => {
    const document = await readDocument();
    const before = effects.length;
    const seen = new Set<number>();
    for (let made = 0; made < shotCount; made += roundSize) {
      const arbitrary = shots(document, operationsOf(document), await known());
      const property = fc.asyncProperty(arbitrary, async (shot) => {
        const problem = await judge(document, shot, seen);
        if (problem !== null) {
          throw new Error(`${shot.operation.method} ${shot.path}: ${problem}`);
        }
      });
      const numRuns = Math.min(roundSize, shotCount - made);
      await fc.assert(property, { numRuns, seed: 20261126 + made });
    }
    // Not all of them were turned away at the door.
    const expected = [200, 204, 400, 404, 409, 413, 415, 422, 503];
    expect([...seen]).toEqual(expect.arrayContaining(expected));
    const renamed = effects.slice(before).filter(({ tool }) => tool === "rename");
    for (const { args } of renamed) expect(args).toEqual({ user_id: "u-1", name: "Ada" });
    const ungated = effects.slice(before).filter(({ approvalId }) => approvalId === null);
    expect(ungated).toEqual(renamed);
  },
);

test(
  "the panel answers requests as wrong as can be with pages, and never with a failure",
  { timeout },
  async () => {
    const document = await readDocument();
    const property = fc.asyncProperty(
      shots(document, panelOperations, await known()),
      async (shot) => {
        const problem = await judgePage(shot);
        if (problem !== null) throw new Error(`${shot.operation.method} ${shot.path}: ${problem}`);
      },
    );
    await fc.assert(property, { numRuns: Math.ceil(shotCount / 7), seed: 20261126 });
  },
);
