import { beforeEach, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { runOfApproval } from "../../src/run/ids.ts";
import { decideAll } from "../../src/os/batch.ts";
import { bindings, get, pending, settle, start } from "../client.ts";
import { effects, healAll, script } from "../world.ts";
import { http, json, refusal, unique } from "./http.ts";

beforeEach(healAll);

type Answer = { approval_id: string; ok: boolean; status?: number; detail?: string } & {
  approval?: ApprovalRecord;
};
const call = (name: string, args: unknown) => script({ calls: [{ name, args }] });
const deletion = () => call("delete_user_data", { user_id: unique("u") });
const waiting = async (message = deletion()) => (await pending((await start(message)).run_id)).id;
const asAnn = (approval_id: string, status = "approved") => ({
  approval_id,
  status,
  resolved_by: "ann",
});
const batch = async (decisions: unknown, vars = {}) =>
  http("POST", "/approvals/resolve", { ...json({ decisions }), vars });
const answersOf = async (response: Response): Promise<Answer[]> => {
  expect(response.status).toBe(200);
  return (await response.json<{ data: Answer[] }>()).data;
};
const told = (answers: Answer[]) =>
  answers.map(({ approval, status }) => approval?.status ?? status);

test("each decision has an answer of its own, in their order, and none keeps another", async () => {
  const taken = await waiting();
  await batch([asAnn(taken)]);
  const [first, last] = [await waiting(), await waiting()];
  const needsAccount = await waiting(call("pay_out", { amount: 5 }));
  const answers = await answersOf(
    await batch([
      asAnn(first),
      asAnn("apr_nonsense"),
      asAnn(taken, "rejected"),
      asAnn(needsAccount),
      asAnn(last, "maybe"),
      { approval_id: last, status: "rejected", resolution_data: { note: "no" } },
    ]),
  );
  expect(told(answers)).toEqual(["approved", 404, 409, 422, 422, "rejected"]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, false, false, false, false, true]);
  expect(answers[0]?.approval).toMatchObject({ id: first, resolved_by: "ann" });
  expect(answers[1]?.detail).toBe("Approval not found");
  expect(answers[2]?.detail).toBe("Approval is already 'approved' and cannot be resolved");
  expect(answers[4]?.detail).toMatch(/^status: /);
  await settle(runOfApproval(first) ?? "");
  expect(effects.some(({ approvalId }) => approvalId === first)).toBe(true);
  expect(await get(`/approvals/${needsAccount}`)).toMatchObject({ status: "pending" });
});

test("decisions about one approval are judged one after the other, wherever they stand", async () => {
  const [id, other] = [await waiting(), await waiting()];
  const answers = await answersOf(
    await batch([asAnn(id, "rejected"), asAnn(other), asAnn(id), asAnn(id, "rejected")]),
  );
  expect(told(answers)).toEqual(["rejected", "approved", 409, "rejected"]);
});

test("a hundred are decided at once", async () => {
  const [id] = [await waiting()];
  const many = Array.from({ length: 100 }, (_, at) => asAnn(at === 57 ? id : `apr_${at}`));
  const answers = await answersOf(await batch(many));
  expect(answers.map(({ approval_id }) => approval_id)).toEqual(
    many.map(({ approval_id }) => approval_id),
  );
  expect(answers.filter(({ ok }) => ok).map(({ approval }) => approval?.id)).toEqual([id]);
});

test.each([
  ["none", () => []],
  ["more than a hundred", (id: string) => Array.from({ length: 101 }, () => asAnn(id))],
  ["one that names no approval", (id: string) => [asAnn(id), { status: "approved" }]],
  ["one that is none", (id: string) => [asAnn(id), null]],
])("of %s nothing is decided", async (_, decisions) => {
  const id = await waiting();
  const [status, detail] = await refusal(batch(decisions(id)));
  expect(status).toBe(422);
  expect(detail).toMatchObject([{ loc: expect.arrayContaining(["body", "decisions"]) }]);
  expect(await get(`/approvals/${id}`)).toMatchObject({ status: "pending" });
});

test("who may not decide decides nothing", async () => {
  const vars = { OS_SECURITY_KEY: "a-key" };
  expect((await batch([asAnn(await waiting())], vars)).status).toBe(401);
});

test("a run out of reach is answered with 503, and the others are decided", async () => {
  const [lost, other] = [await waiting(), await waiting()];
  const getByName = (name: string) => {
    if (name === runOfApproval(lost)) throw new Error("gone");
    return bindings.RUNS.getByName(name);
  };
  const answers = await answersOf(
    await batch([asAnn(lost), asAnn(other)], { RUNS: { getByName } }),
  );
  expect(told(answers)).toEqual([503, "approved"]);
});

test("runs that never answer hold the others for a while at most, however often they are asked", async () => {
  const dead = Array.from({ length: 60 }, (_, at) => ({ approval_id: `dead-${at % 30}` }));
  const sent: string[] = [];
  const answers = await decideAll(
    [...dead, { approval_id: "alive" }],
    async ({ approval_id }) => {
      sent.push(approval_id);
      if (approval_id !== "alive") await new Promise(() => undefined);
      return { id: approval_id } as ApprovalRecord;
    },
    5,
  );
  expect(answers).toHaveLength(61);
  expect(answers.slice(0, 60).map((one) => !one.ok && one.status)).toEqual(Array(60).fill(503));
  expect(answers[60]).toMatchObject({ approval_id: "alive", ok: true });
  expect(sent).toHaveLength(31);
});
