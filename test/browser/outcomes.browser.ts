import { describe, expect } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { api, expectAccessible, expectNoSidewaysScroll, test, type View } from "./browser.ts";
import { ended, lapsed, paused, toldOf, unknownOutcome } from "./runs.ts";

describe.each<View>([
  { size: "desktop", script: true },
  { size: "phone", script: false },
])("on a $size, script: $script", (view) => {
  test("a call of which nobody knows what came is run again", async ({ open }) => {
    const run = await unknownOutcome(open);
    const page = await open(run.page, view);
    await page.getByText("Whether it took effect is not known").waitFor();
    await expectNoSidewaysScroll(page);
    if (view.script === true) await expectAccessible(page);
    await page.getByRole("button", { name: "Run it again" }).click();
    await page.getByRole("heading", { name: "send_parcel: approved" }).waitFor();
    expect(toldOf(await ended(run))).toEqual(["o-1 has been sent."]);
  });

  test("it is marked as done with a result, and not without one", async ({ open }) => {
    const run = await unknownOutcome(open);
    const page = await open(run.page, view);
    await page.getByRole("button", { name: "It took effect" }).click();
    await page.getByText("Say what came of it.").waitFor();
    await page.getByLabel("Result, if it took effect").fill("I saw the parcel leave.");
    await page.getByRole("button", { name: "It took effect" }).click();
    await page.getByRole("heading", { name: "send_parcel: approved" }).waitFor();
    await page.getByText("I saw the parcel leave.").waitFor();
    expect(toldOf(await ended(run))).toEqual(["I saw the parcel leave."]);
  });

  test("it is left, and the agent is told that nobody knows", async ({ open }) => {
    const run = await unknownOutcome(open);
    const page = await open(run.page, view);
    await page.getByLabel("Note").fill("Ask the courier.");
    await page.getByRole("button", { name: "Leave it" }).click();
    await page.getByRole("heading", { name: "send_parcel: rejected" }).waitFor();
    const [told] = toldOf(await ended(run));
    expect(told).toMatch(/^The outcome of this call is unknown.* Note: Ask the courier\.$/);
    expect(await api<ApprovalRecord>(`/approvals/${run.approvalId}`)).toMatchObject({
      call_outcome: "unknown",
    });
  });

  test("an approval that lapsed says so, and takes no answer any more", async ({ open }) => {
    const run = await lapsed();
    const page = await open(run.page, view);
    await page.getByRole("heading", { name: "send_soon: expired" }).waitFor();
    expect(await page.getByRole("button", { name: /Approve|Reject|Extend/ }).count()).toBe(0);
    await page.getByText("The call: expired").waitFor();
    expect(toldOf(await ended(run))).toEqual([
      "Function call was not executed: its approval expired before anyone decided.",
    ]);
  });

  test("a member's call leads to the team's run, to the member's, and to what led to it", async ({
    open,
  }) => {
    const run = await paused("teams/support-team", "Close account acc-7");
    const page = await open(run.page, view);
    for (const name of ["Support Team", "Account Keeper"]) {
      await page.locator("dd").getByRole("link", { name }).click();
      await page.getByRole("heading", { name: `Run of ${name}` }).waitFor();
      await page.goBack();
    }
    await page.getByRole("link", { name: "Read the conversation that led to this" }).click();
    await page.getByRole("heading", { name: "Conversation" }).waitFor();
    await page.getByText("Works for").waitFor();
  });
});

test("what the agent said stands apart from the arguments, under its name", async ({ open }) => {
  const { page: path } = await lapsed();
  const page = await open(path);
  const claim = page.getByRole("heading", { name: "The agent's claim" }).locator("..");
  await claim.getByText("Written by Desk, not by a person, and checked by nobody:").waitFor();
  await claim.getByText("I need send_soon now.").waitFor();
});
