import { afterEach, describe, expect } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { api, expectAccessible, expectNoSidewaysScroll, test, type View } from "./browser.ts";
import { ended, paused, type Paused } from "./runs.ts";

interface Asked {
  runPath: string;
  page: string;
}

async function asked(at: string, message: string, fields: object = {}): Promise<Asked> {
  const body = { message, user_id: "mia", stream: false, ...fields };
  const { run_id } = await api<RunView>(`/${at}/runs`, body);
  return { runPath: `/${at}/runs/${run_id}`, page: `/panel/runs/${run_id}` };
}

/** A run of the scripted agent that waits for its own user. */
const waiting = async (...calls: { name: string; args: object }[]): Promise<Asked> =>
  asked("agents/desk", JSON.stringify(calls));
const pageOf = ({ runPath }: Paused): string => `/panel/runs/${runPath.split("/").at(-1)}`;
const goOn = async () => api("/next", {});
const rename = { name: "rename", args: { user_id: "u-1", name: "Ada" } };
const askProfile = { name: "ask_profile", args: { user_id: "u-1", name: "Model" } };

test("what the model says is read while it says it, and the answer takes its place when it is done", async ({
  open,
}) => {
  const bidi = "\u202E";
  const run = await asked("agents/speaker", `One <b>two</b>${bidi} three`, { background: true });
  const page = await open(run.page);
  const typing = page.locator("#typing .said");
  await typing.getByText("One", { exact: true }).waitFor();
  expect((await api<RunView>(run.runPath)).status).toBe("RUNNING");
  await goOn();
  // Nothing that comes in is markup, or turns the text around it.
  await typing.getByText("One <b>two</b>\\u{202E}").waitFor();
  expect((await api<RunView>(run.runPath)).status).toBe("RUNNING");
  await expectAccessible(page);
  // Who opens it late reads it from the beginning.
  const late = await open(run.page);
  await late.locator("#typing .said").getByText("One <b>two</b>").waitFor();
  await goOn();
  for (const one of [page, late]) {
    await one.getByText("completed", { exact: true }).waitFor();
    await one.locator("#typing").waitFor({ state: "hidden" });
    await one.locator("#end").getByText("One <b>two</b>\\u{202E} three").waitFor();
  }
});

test("a stream that breaks off or is refused is taken up again, from the beginning of what is being said", async ({
  open,
}) => {
  const run = await asked("agents/speaker", "Once more, please", { background: true });
  const page = await open("/panel/runs");
  const contentType = "text/event-stream";
  const event = { event: "RunContent", content: "Onc" };
  const body = `retry: 10\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
  let opened = 0;
  await page.route("**/events", async (route) => {
    opened += 1;
    if (opened === 1) await route.fulfill({ contentType, body });
    else if (opened === 2) await route.fulfill({ status: 404, body: "" });
    else await route.continue();
  });
  await page.goto(run.page);
  await page.locator("#typing .said").getByText("Once", { exact: true }).waitFor();
  expect(opened).toBe(3);
  for (let word = 0; word < 2; word++) await goOn();
  await page.getByText("completed", { exact: true }).waitFor();
});

test("a run that goes on after a pause is followed again", async ({ open }) => {
  const run = await paused("agents/data-manager", "Delete user u-71");
  const page = await open("/panel");
  const connected = page.waitForEvent("websocket");
  await page.goto(pageOf(run));
  await connected;
  await page.getByText("waiting for a person", { exact: true }).waitFor();
  await api(`/approvals/${run.approvalId}/resolve`, { status: "approved", resolved_by: "Ann" });
  await page.getByText("completed", { exact: true }).waitFor();
  await page
    .locator("#talk")
    .getByText("All data for user u-71 has been deleted.")
    .first()
    .waitFor();
});

describe.each<View>([
  { size: "desktop", script: true },
  { size: "phone", script: false },
])("on a $size, script: $script", (view) => {
  test("a call that waits for the run's own user is confirmed", async ({ open }) => {
    const run = await waiting(rename);
    const page = await open(run.page, view);
    expect(await page.evaluate("document.activeElement.localName")).toBe("body");
    await expectNoSidewaysScroll(page);
    if (view.script === true) await expectAccessible(page);
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("completed", { exact: true }).waitFor();
    await page.getByText("Renamed to Ada.").waitFor();
  });

  test("what does not fit is told at its field, stays as it was typed, and goes through once it is put right", async ({
    open,
  }) => {
    const run = await waiting(askProfile);
    const page = await open(run.page, view);
    await page.locator("[name=value-name]").fill("Ada Lovelace");
    // What the browser itself does not refuse.
    await page.locator("[name=value-age]").fill("36");
    await page.locator("[name=value-name]").fill("A");
    await page.getByLabel("Note").fill("half a sentence");
    await page.getByRole("button", { name: "Send the answers" }).click();
    await page.getByRole("alert").getByText("Nothing was answered.").waitFor();
    expect(await page.locator("[aria-invalid]").getAttribute("name")).toBe("value-name");
    expect(await page.locator("[name=value-name]").inputValue()).toBe("A");
    expect(await page.locator("[name=value-age]").inputValue()).toBe("36");
    expect(await page.getByLabel("Note").inputValue()).toBe("half a sentence");
    await expectNoSidewaysScroll(page);
    await page.locator("[name=value-name]").fill("Ada");
    await page.getByRole("button", { name: "Send the answers" }).click();
    await page.getByText("Ada is 36.").waitFor();
  });
});

test("what is being typed for one call stays while another is answered elsewhere", async ({
  open,
}) => {
  const run = await waiting(rename, askProfile);
  const page = await open("/panel");
  const connected = page.waitForEvent("websocket");
  await page.goto(run.page);
  await connected;
  await page.locator("[name=value-name]").fill("Ada Love");
  const { requirements } = await api<RunView>(run.runPath);
  const call = requirements[0]?.tool_execution.tool_call_id;
  await api(`${run.runPath}/continue`, { tools: [{ tool_call_id: call, confirmed: true }] });
  await page.getByRole("button", { name: "Confirm" }).waitFor({ state: "detached" });
  expect(await page.locator("[name=value-name]").inputValue()).toBe("Ada Love");
  expect(await page.evaluate("document.activeElement.name")).toBe("value-name");
});

describe("while everything is paused", () => {
  afterEach(async () => {
    await api("/unpause", {});
  });

  test("the approval says that its call will wait, and the run that it is held, until it is not", async ({
    open,
  }) => {
    const run = await paused("agents/data-manager", "Delete user u-72");
    await api("/pause", { reason: "Fire drill" });
    const page = await open(run.page, { size: "phone" });
    const words = "Everything was paused by root: Fire drill. No gated call starts.";
    await page.getByText(words).waitFor();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "delete_user_data: approved" }).waitFor();
    await page.goto(pageOf(run));
    await page.getByText("(held, see above)").waitFor();
    await page.getByText(words).waitFor();
    await expectAccessible(page);
    const list = await open("/panel");
    await list.getByText(words).waitFor();
    await api("/unpause", {});
    expect((await ended(run)).status).toBe("COMPLETED");
    await page.getByText("completed", { exact: true }).waitFor();
    await page.getByText(words).waitFor({ state: "detached" });
  });
});
