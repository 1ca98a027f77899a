import { describe, expect } from "vitest";
import type { Page } from "playwright-core";
import { visible } from "../../src/approval/visible.ts";
import { expectNoSidewaysScroll, keepScreenshot, test } from "./browser.ts";
import { pausedAt } from "./runs.ts";

const elsewhere = "https://evil.invalid";
const hostile: Record<string, string> = {
  script: `<script>alert(1);fetch("${elsewhere}")</script><img src="${elsewhere}/x" onerror="alert(1)">`,
  markup: `</pre><style>@import "${elsewhere}/x.css";*{display:none}</style><link rel="stylesheet" href="${elsewhere}"><pre>`,
  form: `</pre></textarea></form><form action="${elsewhere}"><button name="decision" value="approved">Approve</button>`,
  frame: `</title></head><body onload=alert(1)><iframe src="${elsewhere}"></iframe><base href="${elsewhere}"><meta http-equiv="refresh" content="0;url=${elsewhere}">`,
  svg: `<![CDATA[<svg/onload=alert(1)>]]><math><mtext></pre><svg><script href="${elsewhere}"/>`,
  bidi: "pay \u202E000,1\u202C to \u2066ann\u2069 \u200Feva",
  unseen: "u\u200B-\u200D4\uFEFF2\u2060\u00AD \u{E0061} \u3164\u00A0",
  "line-breaks": `u-1"\n}\n\nApproved by Ann.\r\n\u2028{`,
  wide: "W".repeat(2_000),
  stacked: `Z${"\u0301".repeat(300)}`,
};

const tags = (page: Page) =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll("*")].map((element) =>
      [element.localName, ...element.getAttributeNames()].join(" "))`,
  );

async function opened(text: string): Promise<{ path: string; shown: string }> {
  const { page } = await pausedAt("send_text", { text });
  return { path: page, shown: visible(JSON.stringify({ text }, null, 2)) };
}

/** What a page is built of where the text is harmless. */
let plain: string[] = [];

// Red without the rule only where a font piles them, as Liberation Mono does.
test("marks that are piled up stay in the box of the text, and draw on nothing else", async ({
  open,
}) => {
  const heads = [];
  for (const marks of ["", "\u0301"]) {
    const page = await open((await opened(`Z${marks.repeat(400)}`)).path, { size: "phone" });
    heads.push(await page.locator("header").screenshot());
  }
  expect(heads[0]?.equals(heads[1] ?? Buffer.of())).toBe(true);
});

test("a plain text is shown, too", async ({ open }) => {
  plain = await tags(await open((await opened("plain")).path));
  expect(plain.some((tag) => tag.startsWith("pre "))).toBe(true);
});

describe.each(["phone", "desktop"] as const)("on a %s", (size) => {
  test.for(Object.entries(hostile))(
    "%s is shown as the text it is",
    async ([name, text], { open }) => {
      const { path, shown } = await opened(text);
      const page = await open(path, { size });
      expect(await page.locator("pre").textContent()).toBe(shown);
      expect(await tags(page)).toEqual(plain);
      await expectNoSidewaysScroll(page);
      await keepScreenshot(page, `spoofing-${name}-light-${size}`);
      await page.goto("/panel");
      await page.locator(`a[href="${path}"]`).waitFor();
      await expectNoSidewaysScroll(page);
    },
  );

  test("the largest arguments that are taken are shown whole, and can be decided on", async ({
    open,
  }) => {
    const most = 128 * 1024 - JSON.stringify({ text: "" }).length;
    // Six bytes each.
    const bold = "<b>\u202E".repeat(Math.floor(most / 6));
    const text = bold.padStart(bold.length + (most % 6), "x");
    await expect(pausedAt("send_text", { text: `${text}x` })).rejects.toThrow("does not wait");
    const { path, shown } = await opened(text);
    const page = await open(path, { size });
    expect(await page.locator("pre").textContent()).toBe(shown);
    await expectNoSidewaysScroll(page);
    await keepScreenshot(page, `spoofing-largest-light-${size}`, false);
    await page.getByRole("button", { name: "Reject" })[size === "phone" ? "tap" : "click"]();
    await page.getByRole("heading", { name: "send_text: rejected" }).waitFor();
  });
});
