import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect, inject, test as base } from "vitest";

const server = inject("serverUrl");
const key = inject("securityKey");

const sizes = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
} as const;

export interface View {
  /** Default: desktop. */
  size?: keyof typeof sizes;
  /** Default: light. */
  scheme?: "light" | "dark";
  /** Whether scripts run; default: they do. */
  script?: boolean;
  /** Whether somebody has signed in with the security key; default: yes. */
  signedIn?: boolean;
}

/** Opens a path of the server, as somebody with that view sees it. */
export type Open = (path: string, view?: View) => Promise<Page>;

/**
 * A test that opens pages. When it has ended, none of them may have asked anybody but the server for anything, opened a
 * dialog, or told of an error or of something that the content security policy forbids.
 */
export const test = base.extend<{ open: Open }>({
  open: async ({ task }, use) => {
    const browser = await connected();
    const contexts: { close: () => Promise<void> }[] = [];
    const problems: string[] = [];
    await use(async (path, view = {}) => {
      const { size = "desktop", scheme = "light", script = true, signedIn = true } = view;
      const context = await browser.newContext({
        ...sizes[size],
        baseURL: server,
        colorScheme: scheme,
        javaScriptEnabled: script,
      });
      contexts.push(context);
      context.setDefaultTimeout(10_000);
      if (signedIn) await context.addCookies([await session()]);
      const page = await context.newPage();
      context.on("request", (request) => {
        if (new URL(request.url()).origin !== server)
          problems.push(`asked elsewhere: ${request.url().slice(0, 200)}`);
      });
      context.on("console", (message) => {
        // A page that says what was wrong with a form has such a status.
        const isStatus = /status of 4\d\d/.test(message.text());
        if (message.type() === "error" && !isStatus) problems.push(`console: ${message.text()}`);
      });
      context.on("dialog", (dialog) => {
        problems.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
      await page.goto(path);
      return page;
    });
    for (const context of contexts) await context.close();
    expect(problems, task.name).toEqual([]);
  },
});

/** Expects that axe finds nothing on the page that breaks WCAG 2.2 on level AA. */
export async function expectAccessible(page: Page): Promise<void> {
  // Such a script is not the page's, so that its policy does not count.
  await page.evaluate(axe.source);
  const found = await page.evaluate<{ violations: axe.Result[] }>(
    `axe.run({ preload: false, resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })`,
  );
  const broken = found.violations.flatMap(({ help, id, nodes }) =>
    nodes.map(({ failureSummary, html }) => `${id} (${help}): ${html}\n${failureSummary}`),
  );
  expect(broken).toEqual([]);
}

/** Expects that nothing is wider than the screen. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  expect(width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
}

/** Keeps what the page looks like, all of it or what fits on the screen, in output/screenshots/. */
export async function keepScreenshot(page: Page, name: string, fullPage = true): Promise<void> {
  const path = join(import.meta.dirname, "../../output/screenshots", `${name}.png`);
  await page.screenshot({ path, fullPage });
}

/** Asks the API with the security key; throws where the answer is an error. */
export async function api<T>(path: string, json?: unknown): Promise<T> {
  const response = await fetch(`${server}${path}`, {
    method: json === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}

let browser: Promise<Browser> | undefined;

/** One connection for all files; it ends with the browser. */
async function connected(): Promise<Browser> {
  browser ??= chromium.connect(inject("browserEndpoint"));
  return browser;
}

let signedIn: Promise<{ name: string; value: string; url: string }> | undefined;

/** The cookie of a sign-in with the security key. */
async function session() {
  signedIn ??= signIn();
  return signedIn;
}

async function signIn() {
  const response = await fetch(`${server}/panel/sign-in`, {
    method: "POST",
    headers: { origin: server },
    body: new URLSearchParams({ key }),
    redirect: "manual",
  });
  const [cookie = ""] = response.headers.getSetCookie();
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
  if (name === undefined || value === undefined)
    throw new Error(`The server did not let the tests sign in (${response.status}).`);
  return { name, value, url: server };
}
