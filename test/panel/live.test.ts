import { expect, test, vi } from "vitest";
import { pending, resolve, settle, start } from "../client.ts";
import { http } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { script } from "../world.ts";

const own = { origin: "http://localhost", upgrade: "websocket" };
const deletion = () => script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });

/** What a socket has been told of, by the ids of what changed. */
function listen(response: Response): { ids: Set<string>; socket: WebSocket } {
  const socket = response.webSocket;
  if (socket === null) throw new Error(`No socket: ${response.status}`);
  const ids = new Set<string>();
  socket.accept();
  socket.addEventListener("message", ({ data }) => {
    if (data === "pong") return void ids.add("pong");
    for (const { id } of JSON.parse(String(data)) as { id: string }[]) ids.add(id);
  });
  return { ids, socket };
}

test("an open page hears of an approval that is asked for, and that is decided, and is told nothing else of it", async () => {
  const { ids, socket } = listen(await http("GET", "/panel/live", { headers: own }));
  const texts: string[] = [];
  socket.addEventListener("message", ({ data }) => void texts.push(String(data)));
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  await vi.waitFor(() => expect([...ids]).toContain(id), 5000);
  ids.clear();
  await resolve(id, { status: "rejected" });
  await settle(run.run_id);
  await vi.waitFor(() => expect([...ids]).toEqual(expect.arrayContaining([id, run.run_id])), 5000);
  for (const text of texts)
    for (const change of JSON.parse(text) as object[])
      expect(Object.keys(change).toSorted()).toEqual(["id", "version"]);
  socket.send("ping");
  await vi.waitFor(() => expect([...ids]).toContain("pong"), 5000);
  socket.close();
});

test("a socket is for pages of this very origin, and for who may read approvals", async () => {
  for (const origin of ["https://evil.example", "null", "http://localhost:81"]) {
    const answer = await http("GET", "/panel/live", { headers: { ...own, origin } });
    expect([origin, answer.webSocket ?? null, [401, 403, 503].includes(answer.status)]).toEqual([
      origin,
      null,
      true,
    ]);
  }
  const { upgrade: _, ...noSocket } = own;
  expect((await http("GET", "/panel/live", { headers: noSocket })).status).toBe(426);
  expect((await http("GET", "/panel/live", { headers: { upgrade: "websocket" } })).status).toBe(
    403,
  );
  const strange = await http("GET", "/panel/live", {
    headers: own,
    vars: { OS_SECURITY_KEY: "k" },
  });
  expect([strange.status, strange.webSocket ?? null]).toEqual([401, null]);
  const key = await signingKey("k");
  const ask = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  const token = await key.sign(claimsOf("ann", { scope: "agents:read" }));
  const headers = { ...own, origin: "https://kern.example.com" };
  expect((await ask("GET", "/panel/live", { token, headers })).status).toBe(403);
});

test("who sees only their own is told of nobody else's", async () => {
  const key = await signingKey("k");
  const ask = doorWith({ jwt: { issuer, audience, keys: key.jwk }, isolateUsers: true });
  const headers = { ...own, origin: "https://kern.example.com" };
  const token = await key.sign(claimsOf("ann", { scope: "approvals:read agents:run" }));
  const admin = await key.sign(claimsOf("root", { scope: "agent_os:admin" }));
  const anns = listen(await ask("GET", "/panel/live?own=", { token, headers }));
  const everything = listen(await ask("GET", "/panel/live", { token: admin, headers }));
  const others = await start(deletion());
  const body = JSON.stringify({ message: deletion(), stream: false });
  const json = { ...headers, "content-type": "application/json" };
  const started = await ask("POST", "/agents/tester/runs", { token, body, headers: json });
  const { run_id: hers } = await started.json<{ run_id: string }>();
  await vi.waitFor(() => expect([...anns.ids]).toContain(hers), 5000);
  await vi.waitFor(() => expect([...everything.ids]).toContain(others.run_id), 5000);
  expect([...everything.ids]).toContain(hers);
  expect([...anns.ids].some((id) => id.includes(others.run_id.slice(4)))).toBe(false);
  for (const { socket } of [anns, everything]) socket.close();
});

test("the script and the icon are served as what they are, and pages allow no other script", async () => {
  const served = await http("GET", "/panel/panel.js");
  expect(served.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  const icon = await http("GET", "/panel/icon.svg?pending=3");
  expect(icon.headers.get("content-type")).toBe("image/svg+xml");
  expect(await icon.text()).toContain(">3</text>");
  for (const pending of ["", "0", "-1", "x", "1e99", "<script>"]) {
    const text = await (
      await http("GET", `/panel/icon.svg?pending=${encodeURIComponent(pending)}`)
    ).text();
    expect(text).not.toContain("</text>");
  }
  expect(await (await http("GET", "/panel/icon.svg?pending=100")).text()).toContain(">99</text>");
  const policy = (await http("GET", "/panel")).headers.get("content-security-policy") ?? "";
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
});
