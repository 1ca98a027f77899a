import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { api, test, type View } from "./browser.ts";
import { ended, paused } from "./runs.ts";

/** Opens the list and waits until it hears of changes. */
async function listening(open: (path: string, view?: View) => Promise<Page>): Promise<Page> {
  const page = await open("/panel/runs");
  const connected = page.waitForEvent("websocket");
  await page.goto("/panel");
  await connected;
  return page;
}

test("who opens the panel for the first time starts a run, decides on its call, and sees it end", async ({
  open,
}) => {
  const page = await open("/panel?q=nothing-like-this");
  await page.getByRole("link", { name: "Try it" }).first().click();
  const first = page.getByRole("link", { name: "Data Manager" });
  if ((await first.count()) > 0) await first.first().click();
  await page.getByRole("button", { name: "Start" }).click();
  // The page follows the run until it waits.
  await page.getByRole("link", { name: "Look at it and decide" }).click();
  await page.getByRole("heading", { name: "delete_user_data: pending" }).waitFor();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("The call: succeeded").waitFor();
  await page.locator("dl a[href^='/panel/runs/']").click();
  await page.getByText("completed", { exact: true }).waitFor();
});

test("an approval that is asked for, and decided by somebody else, is so on every open page, without a reload", async ({
  open,
}) => {
  const [list, detail] = [await listening(open), await open("/panel")];
  const run = await paused("agents/data-manager", "Delete user u-90");
  await list.locator(`a[href="${run.page}"]`).waitFor();
  await list.waitForFunction("/^\\(\\d+\\) /.test(document.title)");
  await detail.goto(run.page);
  await detail.getByLabel("Note").fill("I am still typing");
  await api(`/approvals/${run.approvalId}/resolve`, { status: "rejected", resolved_by: "Ann" });
  await detail.getByRole("status").getByText("This is rejected now.").waitFor();
  await detail.getByText("rejected by Ann").waitFor();
  await list.locator(`a[href="${run.page}"]`).waitFor({ state: "detached" });
});

test("what is being typed stays while others come and go", async ({ open }) => {
  const run = await paused("agents/data-manager", "Delete user u-91");
  const page = await open(run.page);
  await page.getByLabel("Note").fill("half a sentence");
  const list = await listening(open);
  const other = await paused("agents/data-manager", "Delete user u-92");
  await list.locator(`a[href="${other.page}"]`).waitFor();
  expect(await page.getByLabel("Note").inputValue()).toBe("half a sentence");
});

describe("the keyboard", () => {
  test("from the list to the yes", async ({ open }) => {
    const run = await paused("agents/data-manager", "Delete user u-93");
    const page = await open("/panel?q=u-93");
    await page.keyboard.press("j");
    await page.locator(`a[href="${run.page}"]:focus`).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "delete_user_data: pending" }).waitFor();
    // There is no key before the page's script has come.
    await page.getByRole("button", { name: "Keys" }).waitFor();
    // Nothing that decides has the focus until somebody asks for it.
    expect(await page.evaluate("document.activeElement.localName")).toBe("body");
    await page.keyboard.press("r");
    expect(await page.evaluate("document.activeElement.id")).toBe("note");
    await page.keyboard.type("a");
    expect(await page.getByLabel("Note").inputValue()).toBe("a");
    await page.keyboard.press("Tab");
    await page.locator("button.yes:focus").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "delete_user_data: approved" }).waitFor();
    expect((await ended(run)).status).toBe("COMPLETED");
  });

  test("the help says what the keys do, and turns them off for good", async ({ open }) => {
    const run = await paused("agents/data-manager", "Delete user u-94");
    const page = await open(run.page);
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("To the button that approves").waitFor();
    await page.getByLabel("Use these keys").uncheck();
    await page.getByRole("button", { name: "Close" }).click();
    await page.reload();
    await page.keyboard.press("a");
    expect(await page.evaluate("document.activeElement.localName")).toBe("body");
    await page.getByRole("button", { name: "Keys" }).click();
    await page.getByLabel("Use these keys").check();
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator("h1").click();
    await page.keyboard.press("a");
    await page.locator("button.yes:focus").waitFor();
  });
});

test("several are decided at once, by whoever chooses all of them", async ({ open }) => {
  const runs = [
    await paused("agents/data-manager", "Delete user u-95"),
    await paused("agents/data-manager", "Delete user u-95"),
  ];
  const page = await open("/panel?q=u-95");
  await page.getByLabel("All of these").check();
  await page.getByRole("button", { name: "Reject them" }).click();
  await page.getByRole("heading", { name: "2 of 2 rejected" }).waitFor();
  for (const run of runs) expect((await ended(run)).status).toBe("COMPLETED");
});
