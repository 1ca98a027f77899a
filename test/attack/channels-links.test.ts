import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { linksOf } from "../../src/os/links.ts";
import { bindings, get, pending, start } from "../client.ts";
import { turnOn } from "../channels/channels.ts";
import { resetSlack, slackServer, teamId } from "../channels/fake-slack.ts";
import {
  buttonOf,
  by,
  codeFor,
  filled,
  linkAccount,
  messageAbout,
  person,
  press,
  sendFromSlack,
} from "../channels/slack-user.ts";
import { db } from "../database.ts";
import { clock, script } from "../world.ts";

const links = linksOf(db, false, clock.now);
const asked = async (fields: Record<string, unknown> = {}) => {
  const { run_id } = await start(
    script({ calls: [{ name: "pay_by_finance", args: { amount: 12 } }] }),
    fields,
  );
  const { id } = await pending(run_id);
  await vi.waitFor(() => expect(messageAbout(id)).toBeDefined());
  return id;
};
const presses = async (user: string, id: string, action = "approve") =>
  sendFromSlack(press(user, buttonOf(id, action)));
const statusOf = async (id: string) => (await get<{ status: string }>(`/approvals/${id}`)).status;
const said = () => slackServer.alone.at(-1)?.text;

beforeEach(() => {
  resetSlack();
  turnOn("slack");
});
afterEach(() => turnOn());

test("an account that was unlinked, or linked too long ago, decides nothing, and neither does a form that was open", async () => {
  const fin = person("fin-attack", { groups: ["finance"] });
  await linkAccount("U0GONE", fin);
  const id = await asked();
  await presses("U0GONE", id, "reject");
  expect(await links.remove(bindings, `slack:-:${teamId}:U0GONE`, person("other"))).toBe(false);
  expect(await links.remove(bindings, `slack:-:${teamId}:U0GONE`, fin)).toBe(true);
  const form = await sendFromSlack(filled("U0GONE", {}));
  expect(await form.text()).toContain("linked to nobody");
  await presses("U0GONE", id);
  expect(said()).toContain("linked to nobody");
  expect(await statusOf(id)).toBe("pending");
  await linkAccount("U0GONE", fin);
  clock.move(90 * 86_400_000 + 1);
  const later = await asked();
  await presses("U0GONE", later);
  expect(await statusOf(later)).toBe("pending");
});

test("a code links one account, once, within ten minutes, and whoever asked for a call is known under their link", async () => {
  const fin = person("fin-self", { groups: ["finance"] });
  const enter = async (user: string, code: string) => {
    await sendFromSlack({ type: "shortcut", ...by(user), callback_id: "link_account" });
    return (await sendFromSlack(filled(user, { Code: code }))).text();
  };
  const code = await codeFor(fin);
  const [first, second] = await Promise.all([enter("U0ONE", code), enter("U0TWO", code)]);
  expect([first, second].filter((text) => text.includes("Your account is linked"))).toHaveLength(1);
  expect(await enter("U0THREE", code)).toContain("not good");
  const late = await codeFor(fin);
  clock.move(10 * 60_000);
  expect(await enter("U0THREE", late)).toContain("not good");
  await linkAccount("U0SELF", fin);
  const id = await asked({ user_id: "Fin-Self+x@EXAMPLE.com" });
  await presses("U0SELF", id);
  expect(said()).toBe("Whoever asked for a call cannot decide on it.");
  expect(await statusOf(id)).toBe("pending");
});
