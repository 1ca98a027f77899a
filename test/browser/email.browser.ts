import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { api, expectAccessible, expectNoSidewaysScroll, keepScreenshot, test } from "./browser.ts";
import { ended, linksIn, mailAbout, type Paused, pausedAt, toldOf } from "./runs.ts";

const own = (links: string[]): string => links.find((url) => url.includes("#")) ?? "";

async function asked(name: string): Promise<{ run: Paused; links: string[]; html: string }> {
  const run = await pausedAt(name, { to: "<b>acc-7</b>" });
  const mail = await mailAbout(run);
  return { run, links: linksIn(mail), html: mail.html };
}

const record = async ({ approvalId }: Paused) => api<ApprovalRecord>(`/approvals/${approvalId}`);

/** Where a page leads to. */
const linksOf = async (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll("a[href]")].map(({ href }) => href)`);

/** Does what a mail scanner does that wants to see everything: fills in every field, and presses every button. */
async function pressEverything(page: Page, url: string): Promise<void> {
  await page.goto(url);
  const count = await page.locator("button").count();
  for (let at = 0; at < count; at++) {
    // Afresh, and by another way than by a change of what is behind the #.
    await page.goto("about:blank");
    await page.goto(url);
    await page.waitForLoadState("networkidle");
    for (const field of await page.locator("input:visible, textarea:visible").all())
      await field.fill("yes");
    for (const choice of await page.locator("select:visible").all())
      await choice.selectOption({ index: 1 });
    const button = page.locator("button").nth(at);
    if (!(await button.isVisible())) continue;
    await button.click();
    await page.waitForLoadState("networkidle");
  }
}

describe.each(["send_plainly", "send_by_mail"])("of a mail about %s", (name) => {
  test("no link changes anything, whoever follows them all, runs their scripts, and fills in and presses everything", async ({
    open,
  }) => {
    const { links, run } = await asked(name);
    expect(links.filter((url) => url.includes("#"))).toHaveLength(name === "send_by_mail" ? 1 : 0);
    const before = await record(run);
    const page = await open("/panel/sign-in", { signedIn: false });
    const seen = new Set<string>();
    const wanted = [...links];
    for (let url = wanted.pop(); url !== undefined; url = wanted.pop()) {
      if (seen.has(url)) continue;
      seen.add(url);
      await pressEverything(page, url);
      wanted.push(...(await linksOf(page)));
    }
    expect(seen.size).toBeGreaterThanOrEqual(links.length);
    const signedIn = await open("/panel");
    for (const url of links) {
      await signedIn.goto(url);
      await signedIn.waitForLoadState("networkidle");
    }
    expect(await record(run)).toEqual(before);
  });
});

describe.each(["desktop", "phone"] as const)("on a %s", (size) => {
  const press = size === "phone" ? "tap" : "click";

  test("who types the tool's name decides by their link, which is nowhere to be seen any more", async ({
    open,
  }) => {
    const { links, run } = await asked("send_by_mail");
    const page = await open(own(links), { size, signedIn: false });
    await page.getByRole("heading", { name: "send_by_mail: pending" }).waitFor();
    expect(new URL(page.url()).hash).toBe("");
    expect(await page.locator("#arguments").innerText()).toBe('{\n  "to": "<b>acc-7</b>"\n}');
    await page.getByRole("button", { name: "Approve" })[press]();
    await page.getByRole("status").getByText("Type the tool's name").waitFor();
    await page.locator("#confirmation:focus").waitFor();
    await page.keyboard.type("send_by_mail");
    await page.keyboard.press("Enter");
    expect((await record(run)).status).toBe("pending");
    await page.getByRole("button", { name: "Approve" })[press]();
    await page.getByRole("heading", { name: "send_by_mail: approved" }).waitFor();
    expect(await page.getByRole("button").count()).toBe(0);
    expect(toldOf(await ended(run))).toEqual(["It has been sent to <b>acc-7</b>."]);
    expect((await record(run)).resolved_by).toBe("ann@example.com");
    const again = await open(own(links), { size, signedIn: false });
    await again.getByRole("status").getByText("This is approved already.").waitFor();
  });

  test("a no says why, and reaches the model", async ({ open }) => {
    const { links, run } = await asked("send_by_mail");
    const page = await open(own(links), { size, signedIn: false });
    await page.locator("#confirmation").fill("send_by_mail");
    await page.getByRole("button", { name: "Reject" })[press]();
    await page.getByRole("status").getByText("Choose a reason").waitFor();
    await page.locator("#reason:focus").waitFor();
    await page.getByLabel("Reason").selectOption("too much");
    await page.getByLabel("Note").fill("Ask Mia <b>first</b>.");
    await page.getByRole("button", { name: "Reject" })[press]();
    await page.getByRole("heading", { name: "send_by_mail: rejected" }).waitFor();
    expect(toldOf(await ended(run))).toEqual([
      "Function call was rejected by the user: too much: Ask Mia <b>first</b>.",
    ]);
  });

  test("the page can be used by everyone once it shows the approval, and so can the mail", async ({
    open,
  }) => {
    const { html, links } = await asked("send_by_mail");
    const page = await open(own(links), { size, signedIn: false });
    await page.getByRole("button", { name: "Approve" }).waitFor();
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await expectNoSidewaysScroll(page);
      await keepScreenshot(page, `decide-by-mail-open-${scheme}-${size}`);
      await expectAccessible(page);
    }
    const mail = await open("/panel/sign-in", { size, signedIn: false });
    await mail.goto("about:blank");
    await mail.setContent(html);
    for (const scheme of ["light", "dark"] as const) {
      await mail.emulateMedia({ colorScheme: scheme });
      await expectNoSidewaysScroll(mail);
      await keepScreenshot(mail, `mail-${scheme}-${size}`);
      await expectAccessible(mail);
    }
  });
});

test("without script the page says where else to decide, and nothing of the approval", async ({
  open,
}) => {
  const { links, run } = await asked("send_by_mail");
  const page = await open(own(links), { script: false, signedIn: false });
  await page.getByText("Without it, sign in to the panel").waitFor();
  expect(await page.getByRole("button").count()).toBe(0);
  expect(await page.locator("body").innerText()).not.toContain("send_by_mail");
  await page.getByRole("link", { name: "Open it in the panel" }).click();
  await page.getByLabel("Security key").waitFor();
  expect((await record(run)).status).toBe("pending");
});
