import { expect, test } from "vitest";
import { http, json, pieces, refusal } from "./http.ts";

const runs = "/agents/tester/runs";

test("text that is not made of whole characters is refused before anything starts", async () => {
  for (const name of ["message", "user_id", "session_id"]) {
    const body = json({ message: "hello", [name]: "\ud800", stream: false });
    const loc = ["body", name];
    expect(await refusal(http("POST", runs, body))).toMatchObject([422, [{ loc }]]);
  }
});

test("a body that cannot be parsed is 400, one of another type 415, none at all 422", async () => {
  expect(await refusal(http("POST", runs, json("{")))).toEqual([
    400,
    "Malformed JSON in request body",
  ]);
  const unbound = { body: "x", headers: { "content-type": "multipart/form-data; boundary=y" } };
  expect(await refusal(http("POST", runs, unbound))).toEqual([400, expect.any(String)]);
  const plain = { body: "message=hello", headers: { "content-type": "text/plain" } };
  expect(await refusal(http("POST", runs, plain))).toEqual([415, "Unsupported Media Type"]);
  expect((await http("POST", runs)).status).toBe(422);
});

test(
  "a body over 1 MiB is refused, whether its length is told or not; one of 1 MiB is read",
  { timeout: 30_000 },
  async () => {
    const over = "x".repeat(1024 * 1024 + 1);
    const detail = "The request body is larger than 1 MiB.";
    const type = { "content-type": "application/json" };
    const paths = [
      runs,
      `${runs}/r/continue`,
      "/approvals/a/resolve",
      "/panel/sign-in",
      "/nowhere",
    ];
    for (const path of paths) {
      const told = { body: over, headers: { ...type, "content-length": String(over.length) } };
      expect(await refusal(http("POST", path, told))).toEqual([413, detail]);
      expect(await refusal(http("POST", path, { body: pieces(over), headers: type }))).toEqual([
        413,
        detail,
      ]);
    }
    const most = pieces(over.slice(1));
    expect(await refusal(http("POST", runs, { body: most, headers: type }))).toEqual([
      400,
      "Malformed JSON in request body",
    ]);
  },
);
