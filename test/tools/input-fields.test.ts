import { expect, test } from "vitest";
import { z } from "zod";
import { inputFields, shapeOf } from "../../src/tools/input-fields.ts";
import { tool } from "../../src/tools/tool.ts";

const tree = z.object({
  name: z.string(),
  get kids() {
    return z.array(tree);
  },
});

function fieldsOf(parameters: z.ZodObject) {
  const made = tool({ name: "t", parameters, requiresUserInput: true, execute: () => "" });
  return inputFields(made);
}

test.each([
  ["string", z.string()],
  ["string", z.email()],
  ["string", z.iso.datetime()],
  ["string", z.enum(["a", "b"])],
  ["string", z.literal("a")],
  ["integer", z.int()],
  ["integer", z.number().int().min(1)],
  ["number", z.number()],
  ["number", z.literal([1, 2])],
  ["boolean", z.boolean()],
  ["array", z.array(z.string())],
  ["array", z.tuple([z.string(), z.number()])],
  ["object", z.object({ a: z.string() })],
  ["object", z.record(z.string(), z.number())],
  ["object", z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() }))],
  ["object", z.discriminatedUnion("k", [z.object({ k: z.literal("a") })])],
  ["array", z.array(tree)],
  ["object", tree],
] as const)("%s is the type of a field, also where it may be missing or null", (type, schema) => {
  const all = z.object({
    a: schema,
    b: schema.optional(),
    c: schema.nullable(),
    d: schema.nullish(),
  });
  expect(fieldsOf(all).map(({ field_type, required }) => [field_type, required])).toEqual([
    [type, true],
    [type, false],
    [type, true],
    [type, false],
  ]);
  const shapes = fieldsOf(all).map((field) => shapeOf(field.schema));
  expect(shapes.map(({ nullable }) => nullable)).toEqual([false, false, true, true]);
});

test("a field says what it is about, wherever that was said, and has a default that need not be filled in", () => {
  const fields = fieldsOf(
    z.object({
      a: z.string().describe("inside").nullable(),
      b: z.string().nullable().describe("outside"),
      c: z.number().default(5),
    }),
  );
  expect(fields).toEqual([
    {
      name: "a",
      field_type: "string",
      description: "inside",
      required: true,
      schema: { anyOf: [{ description: "inside", type: "string" }, { type: "null" }] },
    },
    {
      name: "b",
      field_type: "string",
      description: "outside",
      required: true,
      schema: { description: "outside", type: ["string", "null"] },
    },
    {
      name: "c",
      field_type: "number",
      description: null,
      required: false,
      schema: { default: 5, type: "number" },
    },
  ]);
});

test("what a field may be is read through references, null and alternatives, and never guessed", () => {
  const values = (schema: z.ZodType) =>
    fieldsOf(z.object({ a: schema })).map((field) => shapeOf(field.schema))[0];
  expect(values(z.enum(["a", "b"]).nullable())).toMatchObject({ values: ["a", "b"] });
  expect(values(z.union([z.literal("a"), z.literal(2), z.null()]))).toMatchObject({
    values: ["a", 2],
    nullable: true,
  });
  expect(values(z.union([z.string(), z.number()]))).toMatchObject({ types: ["string", "number"] });
  expect(values(z.any())).toMatchObject({ types: [], values: null });
  expect(values(z.union([z.object({}), z.any()]))).toMatchObject({ types: [] });
  expect(shapeOf({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } })).toMatchObject({
    types: [],
  });
  expect(shapeOf({ $ref: "#/elsewhere" })).toMatchObject({ types: [] });
});
