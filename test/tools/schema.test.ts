import { describe, expect, test } from "vitest";
import { z } from "zod";
import { approval } from "../../src/approval/approval.ts";
import { validate } from "../../src/tools/schema.ts";
import { tool } from "../../src/tools/tool.ts";

interface Tree {
  label: string;
  children: Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  label: z.string(),
  children: z.array(z.lazy(() => tree)),
});

const transforming: [string, z.ZodType][] = [
  ["a transform", z.string().transform((text) => text.length)],
  ["a codec", z.codec(z.string(), z.number(), { decode: Number, encode: String })],
  ["a preprocessor", z.preprocess((value) => value ?? "x", z.string())],
  ["a pipe after a transform", z.string().transform(Number).pipe(z.number())],
  ["a stringbool", z.stringbool()],
  ["a transform in an array", z.array(z.string().transform(Number))],
  ["a transform in a record's value", z.record(z.string(), z.string().transform(Number))],
  ["a transform in a union", z.union([z.number(), z.string().transform(Number)])],
  [
    "a transform in an intersection",
    z.intersection(z.object({ a: z.string().transform(Number) }), z.object({})),
  ],
  ["a transform in a tuple", z.tuple([z.string().transform(Number)])],
  ["a transform in an object's rest", z.object({}).catchall(z.string().transform(Number))],
  [
    "a transform behind optional, nullable and default",
    z.string().transform(Number).nullable().optional().default(1),
  ],
  ["a transform behind lazy", z.lazy(() => z.string().transform(Number))],
];

const plain: [string, z.ZodType][] = [
  ["a default", z.number().default(5)],
  ["coercion", z.coerce.number()],
  ["trimming", z.string().trim().toLowerCase()],
  ["a refinement", z.string().refine((text) => text !== "root")],
  ["a pipe that only checks", z.string().pipe(z.string().min(1))],
  [
    "a union of objects",
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a") }),
      z.object({ kind: z.literal("b") }),
    ]),
  ],
  ["a schema that holds itself", tree],
];

function make(value: z.ZodType, flags: object = {}) {
  return tool({ name: "t", parameters: z.object({ value }), execute: () => "", ...flags });
}

describe.each(transforming)("%s", (_, value) => {
  const text =
    "Tool 't': the parameters of a gated tool must not transform values, because what a person approves must be what is executed. Transform inside 'execute' instead.";

  test.each([
    ["requiresConfirmation", () => make(value, { requiresConfirmation: true })],
    ["requiresUserInput", () => make(value, { requiresUserInput: true })],
    ["externalExecution", () => make(value, { externalExecution: true })],
    ["an approval", () => approval(make(value))],
    ["an audit", () => approval(make(value), { type: "audit" })],
  ])("is refused with %s when the tool is made", (_, gated) => {
    expect(gated).toThrow(new TypeError(text));
  });

  test("is fine for a tool that nobody is asked about", () => {
    expect(make(value).name).toBe("t");
  });
});

test.each(plain)("%s is no transform", (_, value) => {
  expect(approval(make(value)).approval?.type).toBe("required");
});

describe("validate", () => {
  const parameters = z.object({
    amount: z.number().default(1000),
    to: z.object({ iban: z.string(), name: z.string().optional() }),
    lines: z.array(z.object({ text: z.string() })).optional(),
  });

  test("applies defaults, so that what is stored is what would run", () => {
    expect(validate(parameters, { to: { iban: "DE" } })).toEqual({
      ok: true,
      value: { amount: 1000, to: { iban: "DE" } },
    });
  });

  test.each([
    ["at the top", { to: { iban: "DE" }, admin: true }, "admin"],
    ["in an object", { to: { iban: "DE", bic: "X" } }, "to.bic"],
    [
      "in an array's object",
      { to: { iban: "DE" }, lines: [{ text: "" }, { text: "", sum: 1 }] },
      "lines.1.sum",
    ],
    [
      "by the name of a prototype",
      JSON.parse('{"to":{"iban":"DE","__proto__":{}}}'),
      "to.__proto__",
    ],
    [
      "by the name of what every object has",
      { to: { iban: "DE", constructor: 1 } },
      "to.constructor",
    ],
  ])("refuses an unknown key %s", (_, input, path) => {
    expect(validate(parameters, input)).toMatchObject({
      ok: false,
      message: `Unrecognized key: ${path}`,
    });
  });

  test("refuses a key that only another branch of a union knows", () => {
    const either = z.object({
      who: z.union([z.object({ id: z.string() }), z.object({ email: z.string() })]),
    });
    expect(validate(either, { who: { id: "1" } }).ok).toBe(true);
    expect(validate(either, { who: { id: "1", email: "a@b" } })).toMatchObject({
      ok: false,
      message: "Unrecognized key: who.email",
    });
  });

  test("lets keys through where the schema says so", () => {
    const open = z.object({ extra: z.looseObject({}), counts: z.record(z.string(), z.number()) });
    const input = { extra: { a: { b: 1 } }, counts: { x: 1 } };
    expect(validate(open, input)).toEqual({ ok: true, value: input });
  });

  test("names what does not fit, and where", () => {
    const given = validate(parameters, { amount: "5", to: {} });
    expect(given).toMatchObject({ ok: false, message: expect.stringContaining("amount: ") });
    expect(given).toMatchObject({ message: expect.stringContaining("; to.iban: ") });
  });

  test("says what is wrong with each field, the first of several reasons, and where in it", () => {
    const wrong = { amount: "5", to: { name: 1 }, lines: [{ text: "", sum: 1 }] };
    expect(validate(parameters, wrong)).toMatchObject({
      fields: {
        amount: expect.stringMatching(/^Invalid input/),
        to: expect.stringMatching(/^iban: /),
      },
    });
    const unknown = validate(parameters, { to: { iban: "" }, lines: [{ text: "", sum: 1 }] });
    expect(unknown).toMatchObject({ fields: { lines: "Unrecognized key: lines.0.sum" } });
  });

  test("a refinement that throws, or that waits, refuses rather than lets pass", () => {
    const throwing = z.object({
      a: z.string().refine(() => {
        throw new Error("no network");
      }),
    });
    expect(validate(throwing, { a: "" })).toEqual({
      ok: false,
      message: "The arguments could not be checked: no network",
    });
    const waiting = z.object({ a: z.string().refine(async () => true) });
    expect(validate(waiting, { a: "" }).ok).toBe(false);
  });

  test("does not look for keys in what a transform made, but still beside it", () => {
    const day = z.object({ y: z.number() }).transform(({ y }) => new Date(Date.UTC(y)));
    const shape = z.object({
      day: day.optional(),
      tags: z.array(z.string()).transform((tags) => new Set(tags)),
      lines: z.array(z.object({ n: z.string().transform(Number) })),
    });
    const input = { day: { y: 2026 }, tags: ["a"], lines: [{ n: "1" }] };
    expect(validate(shape, input)).toMatchObject({ ok: true, value: { lines: [{ n: 1 }] } });
    expect(validate(shape, { ...input, lines: [{ n: "1", m: 2 }] })).toMatchObject({
      ok: false,
      message: "Unrecognized key: lines.0.m",
    });
  });
});
