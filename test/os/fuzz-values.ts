import fc from "fast-check";

/** Text that programs stumble over. */
export const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "\0",
    "\ud800",
    "\udfff\ud800",
    "\u202e",
    "null",
    "true",
    "True",
    "1",
    "-0",
    "NaN",
    "[]",
    "{",
  ),
  fc.constantFrom(
    "'; DROP TABLE approvals; --",
    "%00",
    "../..",
    "${x}",
    "__proto__",
    "constructor",
    "toString",
  ),
  fc.integer({ min: 200, max: 5000 }).map((length) => "é".repeat(length)),
);
export const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 1e308, 5e-324, 2 ** 53, -(2 ** 63), 1e21),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}) },
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 5 }) },
);
const nested = fc
  .tuple(fc.constantFrom(1, 63, 64, 65, 500, 5000, 100_000), fc.constantFrom("[", '{"a":'))
  .map(([depth, open]) => `${open.repeat(depth)}1${(open === "[" ? "]" : "}").repeat(depth)}`);
const literal = fc.oneof(
  nested,
  fc.constantFrom("1e999", "-1e999", "12345678901234567890", "0.1e-400", '"\\ud800"'),
);

/** JSON as text: fields as documented or not, and in some a literal that no program would write. */
export function jsonText(names: string[]): fc.Arbitrary<string> {
  const name = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...names, "x") },
    { weight: 1, arbitrary: text },
  );
  const field = fc.tuple(
    name.map((key) => JSON.stringify(key)),
    fc.oneof(
      {
        weight: 6,
        arbitrary: value.map((item) => JSON.stringify(item) ?? "null"),
      },
      { weight: 1, arbitrary: literal },
      {
        weight: 1,
        arbitrary: literal.map(
          (item) => `{"values":{"account":${item}},"result":${item},"note":"n"}`,
        ),
      },
      {
        weight: 1,
        arbitrary: literal.map((item) => `[{"tool_call_id":"call_0_0","result":${item}}]`),
      },
    ),
  );
  const object = fc
    .array(field, { maxLength: 6 })
    .map((fields) => `{${fields.map(([key, item]) => `${key}:${item}`).join(",")}}`);
  return fc.oneof(
    { weight: 8, arbitrary: object },
    { weight: 1, arbitrary: literal },
    { weight: 1, arbitrary: fc.json() },
  );
}

const header = fc.record(
  {
    accept: fc.constantFrom("*/*", "text/html", "application/json;q=0", ",", "text/event-stream"),
    authorization: fc.constantFrom(
      "",
      "Bearer",
      "Bearer x",
      "Basic eDp5",
      `Bearer ${"x".repeat(4000)}`,
    ),
    cookie: fc.constantFrom(
      "kern=x",
      "kern=%E0%A4%A",
      "=;=;",
      "__Host-kern=root.1.x",
      "a=b; ".repeat(500),
    ),
    origin: fc.constantFrom(
      "http://localhost",
      "http://localhost",
      "null",
      "https://evil.com",
      "",
      "x",
      "file://",
    ),
    "idempotency-key": fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "~", " ", '"'), maxLength: 300 }),
      fc.constantFrom("k", "__proto__"),
    ),
    "cf-ray": fc.constant("8c0-FRA"),
    range: fc.constantFrom("bytes=0-1", "x"),
    "if-none-match": fc.constant("*"),
    "x-forwarded-for": fc.constant("127.0.0.1"),
    "x-http-method-override": fc.constant("DELETE"),
    "transfer-encoding": fc.constantFrom("chunked", "gzip, chunked"),
    "content-encoding": fc.constantFrom("gzip", "x"),
  },
  { requiredKeys: [] },
);
// Most of them would only be turned away at the door.
export const headers = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: header },
);
export const contentType = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-16",
  "APPLICATION/JSON",
  "application/x+json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "multipart/form-data; boundary=",
  "",
  ";",
  "application/octet-stream",
);
