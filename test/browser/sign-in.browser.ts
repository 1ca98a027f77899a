import { describe, expect, inject } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { api, test, type View } from "./browser.ts";
import { paused } from "./runs.ts";

describe.each<View>([{ script: true }, { script: false }])("with script: $script", (view) => {
  test("a person signs in by their token, decides under their own name, and signs out", async ({
    open,
  }) => {
    const run = await paused("agents/data-manager", "Delete user u-46");
    const page = await open(run.page, { ...view, signedIn: false });
    const field = page.getByLabel("Security key or token");
    await field.fill(`${inject("token").slice(0, -4)}AAAA`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("no token that is good here now").waitFor();
    await field.fill(inject("token"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "delete_user_data: pending" }).waitFor();
    expect(await page.evaluate("document.cookie").catch(() => "")).toBe("");
    expect(await page.getByLabel("Your name").count()).toBe(0);
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByRole("heading", { name: "delete_user_data: rejected" }).waitFor();
    expect(await api<ApprovalRecord>(`/approvals/${run.approvalId}`)).toMatchObject({
      resolved_by: "ann@example.com",
    });

    await page.goto("/panel/settings/sign-in");
    await page.getByText("finance", { exact: true }).waitFor();
    expect(await page.getByText("Cloudflare Access let you in").count()).toBe(0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await page.goto(run.page);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });
});
