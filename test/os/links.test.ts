import { expect, test } from "vitest";
import { linksOf } from "../../src/os/links.ts";
import { ask, bindings, get } from "../client.ts";
import { person } from "../channels/slack-user.ts";
import { db } from "../database.ts";
import { clock } from "../world.ts";
import { unique } from "./http.ts";

const links = linksOf(db, false, clock.now);

async function linked(name: string) {
  const account = { id: `slack:-:T0TEAM:${unique("U")}`, name, assurance: "slack" } as const;
  await links.redeem(bindings, await links.offer(bindings, person(name)), account);
  return account;
}

test("an admin sees whose accounts are linked, and ends the link of somebody who has left", async () => {
  const account = await linked("left");
  const { data } = await get<{ data: { id: string }[] }>("/links");
  expect(data.find(({ id }) => id === account.id)).toMatchObject({
    name: "left",
    principal: person("left").id,
  });
  const path = `/links/${encodeURIComponent(account.id)}`;
  expect((await ask("DELETE", path)).status).toBe(204);
  expect(await links.principalOf(bindings, account)).toBeNull();
  expect((await ask("DELETE", path)).status).toBe(404);
});

test("whoever is no admin ends their own links alone, and a link ends by itself after thirty days", async () => {
  const account = await linked("ann");
  expect(await links.remove(bindings, account.id, person("bob"))).toBe(false);
  const early = linksOf(db, false, () => clock.now() + 30 * 86_400_000 - 60_000);
  const late = linksOf(db, false, () => clock.now() + 30 * 86_400_000 + 60_000);
  expect(await early.principalOf(bindings, account)).not.toBeNull();
  expect(await late.principalOf(bindings, account)).toBeNull();
  expect(await links.remove(bindings, account.id, person("ann"))).toBe(true);
});
