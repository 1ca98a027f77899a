import { beforeAll, expect, test } from "vitest";
import {
  claimsOf,
  doorWith,
  audience,
  issuer,
  sending,
  type SigningKey,
  signingKey,
} from "../os/issuer.ts";
import { pending, settle } from "../client.ts";
import { script } from "../world.ts";

let key: SigningKey;
let ask: ReturnType<typeof doorWith>;
beforeAll(async () => {
  key = await signingKey("k");
  ask = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
});

const self = "Whoever asked for a call cannot decide on it.";
const writing = "schedules:write schedules:delete agents:run";
const token = async (sub: string, scope: string): Promise<string> =>
  key.sign(claimsOf(sub, { scope }));

test("whoever has written a schedule does not decide on what it asks for, also where somebody else has run it by hand", async () => {
  const id = `s-${crypto.randomUUID().slice(0, 13)}`;
  const message = script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
  const wish = { id, agent_id: "tester", cron: "0 0 1 1 *", message };
  const made = await ask("POST", "/schedules", sending(wish, await token("ann", writing)));
  expect(made.status).toBe(201);
  const visit = { token: await token("bob", writing) };
  const run = await ask("POST", `/schedules/${id}/run`, visit);
  const { run_id } = await run.json<{ run_id: string }>();
  await settle(run_id);
  const one = await pending(run_id);
  expect(one.requested_by).toBe(`${issuer}|bob`);
  const decide = async (sub: string) => {
    const by = sending({ status: "approved" }, await token(sub, "approvals:write"));
    const response = await ask("POST", `/approvals/${one.id}/resolve`, by);
    return [response.status, (await response.json<{ detail?: unknown }>()).detail];
  };
  expect(await decide("ann")).toEqual([403, self]);
  expect(await decide("bob")).toEqual([403, self]);
  expect(await decide("cat")).toEqual([200, undefined]);
});
