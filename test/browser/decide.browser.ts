import { describe, expect, inject } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { api, test, type View } from "./browser.ts";
import { ended, paused, pausedAt, toldOf } from "./runs.ts";

describe.each<View>([
  { size: "desktop", script: true },
  { size: "desktop", script: false },
  { size: "phone", script: true },
  { size: "phone", script: false },
])("on a $size, script: $script", (view) => {
  const press = view.size === "phone" ? "tap" : "click";

  test("from the list to the yes, and the run completes", async ({ open }) => {
    const run = await paused("agents/data-manager", "Delete user u-42");
    const page = await open("/panel", view);
    await page.locator(`a[href="${run.page}"]`)[press]();
    expect(await page.locator("pre").innerText()).toBe('{\n  "user_id": "u-42"\n}');
    await page.getByLabel("Your name").fill("Ann");
    await page.getByRole("button", { name: "Approve" })[press]();
    await page.getByRole("heading", { name: "delete_user_data: approved" }).waitFor();
    await page.getByRole("button", { name: "Approve" }).waitFor({ state: "detached" });
    const { status, tools } = await ended(run);
    expect(status).toBe("COMPLETED");
    expect(tools[0]?.result).toBe("All data for user u-42 has been deleted.");
    const record = await api<ApprovalRecord>(`/approvals/${run.approvalId}`);
    expect(record).toMatchObject({ status: "approved", resolved_by: "Ann" });
  });

  test("a no with a note reaches the model", async ({ open }) => {
    const run = await paused("agents/data-manager", "Delete user u-43");
    const page = await open(run.page, view);
    await page.getByLabel("Note").fill("Ask Mia <b>first</b>.");
    await page.getByRole("button", { name: "Reject" })[press]();
    await page.getByRole("heading", { name: "delete_user_data: rejected" }).waitFor();
    await page.getByText("Ask Mia <b>first</b>.").waitFor();
    expect(toldOf(await ended(run))).toEqual([
      "Function call was rejected by the user: Ask Mia <b>first</b>.",
    ]);
  });
});

describe.each<View>([{ script: true }, { script: false }])("with script: $script", (view) => {
  test("what the browser itself would refuse is not sent, and what is filled in reaches the tool", async ({
    open,
  }) => {
    const run = await pausedAt("set_profile", { user_id: "u-1" });
    const page = await open(run.page, view);
    await page.locator("[name=value-name]").fill("Ada");
    await page.getByRole("button", { name: "Approve" }).click();
    // The age is missing: the browser stays, and puts the cursor there.
    await page.locator("[name=value-age]:focus").waitFor();
    await page.locator("[name=value-age]").fill("36");
    await page.locator("[name=value-active]").selectOption("true");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "set_profile: approved" }).waitFor();
    expect(toldOf(await ended(run))).toEqual(["Ada, 36, has a profile."]);
  });

  test("a result that is handed in reaches the model", async ({ open }) => {
    const run = await pausedAt("call_bank", { question: "What is the limit?" });
    const page = await open(run.page, view);
    await page.getByLabel("Result").fill("The limit is 500.");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "call_bank: approved" }).waitFor();
    expect(toldOf(await ended(run))).toEqual(["The limit is 500."]);
  });

  test("who comes late is told so", async ({ open }) => {
    const run = await paused("agents/data-manager", "Delete user u-44");
    const [first, late] = [await open(run.page, view), await open(run.page, view)];
    await first.getByRole("button", { name: "Reject" }).click();
    await first.getByRole("heading", { name: "delete_user_data: rejected" }).waitFor();
    if (view.script === true) {
      // Told at once, there is nothing left to press.
      await late.getByRole("status").getByText("This is rejected now.").waitFor();
      await late.getByRole("button", { name: "Approve" }).waitFor({ state: "detached" });
    } else {
      await late.getByRole("button", { name: "Approve" }).click();
      await late.getByRole("alert").getByText("already 'rejected'").waitFor();
    }
    expect((await ended(run)).tools[0]?.result ?? null).not.toContain("deleted");
  });

  test("who is not signed in signs in, and goes on to where they wanted to", async ({ open }) => {
    const run = await paused("agents/data-manager", "Delete user u-45");
    const page = await open(run.page, { ...view, signedIn: false });
    await page.getByLabel("Security key").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("That is not the security key, and no token").waitFor();
    await page.getByLabel("Security key").fill(inject("securityKey"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "delete_user_data: pending" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(run.page);
  });
});
