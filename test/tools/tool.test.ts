import { describe, expect, test } from "vitest";
import { z } from "zod";
import { approval } from "../../src/approval/approval.ts";
import { isTool, schemaForModel, tool, type ToolOptions } from "../../src/tools/tool.ts";

const user = z.object({ user_id: z.string() });

function make(options: Partial<ToolOptions<typeof user>> = {}) {
  return tool({ name: "lookup", parameters: user, execute: () => "found", ...options });
}

test("a tool says what it is, and what it leaves out has a default", () => {
  expect(make()).toMatchObject({
    name: "lookup",
    description: "",
    effect: "once",
    timeoutMs: 60_000,
    requiresConfirmation: false,
    requiresUserInput: false,
    externalExecution: false,
    userInputFields: ["user_id"],
    approval: null,
    reconcile: null,
    jsonSchema: {
      type: "object",
      properties: { user_id: { type: "string" } },
      required: ["user_id"],
      additionalProperties: false,
    },
  });
});

test("a model may suggest what a person fills in, and may leave it out", () => {
  const asking = tool({
    name: "pay_out",
    parameters: z.object({ amount: z.number(), account: z.string().describe("Whose.") }),
    requiresUserInput: true,
    userInputFields: ["account"],
    execute: () => "paid",
  });
  expect(schemaForModel(asking)).toEqual({ ...asking.jsonSchema, required: ["amount"] });
  expect(asking.jsonSchema).toMatchObject({ required: ["amount", "account"] });
  expect(schemaForModel(make())).toEqual(make().jsonSchema);
});

test.each([
  [{ requiresConfirmation: true, requiresUserInput: true }],
  [{ requiresConfirmation: true, externalExecution: true }],
  [{ requiresUserInput: true, externalExecution: true }],
  [{ requiresConfirmation: true, requiresUserInput: true, externalExecution: true }],
])("%o exclude each other", (flags) => {
  expect(() => make(flags)).toThrow(
    new TypeError(
      "Only one of 'requiresUserInput', 'requiresConfirmation', or 'externalExecution' can be set to true at the same time.",
    ),
  );
});

test("one flag beside others that are false is fine", () => {
  const made = make({ requiresConfirmation: true, requiresUserInput: false });
  expect(made.requiresConfirmation).toBe(true);
});

test.each(["", "a b", "ä", "a.b", "x".repeat(65), undefined])("the name %j is refused", (name) => {
  expect(() => make({ name: name as string })).toThrow(
    new TypeError(`Tool '${name}': a tool's name is 1 to 64 letters, digits, '_' or '-'.`),
  );
});

test.each([
  ["nothing", undefined],
  ["JSON Schema", { type: "object", properties: {} }],
  ["a string", z.string()],
  ["a union", z.union([user, z.object({ email: z.string() })])],
  ["a transformed object", user.transform((value) => value)],
])("parameters that are %s and no zod object are refused", (_, parameters) => {
  expect(() => make({ parameters: parameters as unknown as typeof user })).toThrow(
    new TypeError(
      "Tool 'lookup': 'parameters' must be a zod object, such as z.object({ user_id: z.string() }).",
    ),
  );
});

test.each([z.date(), z.bigint(), z.map(z.string(), z.string()), z.coerce.date()])(
  "a parameter that JSON Schema has no word for is refused",
  (when) => {
    const broken = () => tool({ name: "t", parameters: z.object({ when }), execute: () => "" });
    expect(broken).toThrow(TypeError);
    expect(broken).toThrow("Tool 't': its parameters cannot be told to a model: ");
  },
);

test("only a tool that somebody else executes goes without 'execute'", () => {
  expect(() => tool({ name: "t", parameters: user })).toThrow(
    new TypeError(
      "Tool 't': 'execute' is missing; only a tool with 'externalExecution' goes without.",
    ),
  );
  expect(tool({ name: "t", parameters: user, externalExecution: true }).externalExecution).toBe(
    true,
  );
});

test("what may be repeated follows from 'idempotent' and 'reconcile', which exclude each other", () => {
  const reconcile = () => ({ status: "unknown" }) as const;
  expect(make().effect).toBe("once");
  expect(make({ idempotent: true }).effect).toBe("idempotent");
  expect(make({ reconcile }).effect).toBe("verifiable");
  expect(() => make({ idempotent: true, reconcile })).toThrow(
    new TypeError("Tool 'lookup': 'idempotent' and 'reconcile' exclude each other."),
  );
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
  "a timeout of %d is refused",
  (timeoutMs) => {
    expect(() => make({ timeoutMs })).toThrow(
      new TypeError("Tool 'lookup': 'timeoutMs' must be a positive number of milliseconds."),
    );
  },
);

describe("a tool that the user fills in", () => {
  test("names fields among its parameters only", () => {
    expect(() =>
      make({ requiresUserInput: true, userInputFields: ["email" as "user_id"] }),
    ).toThrow(
      new TypeError(
        "Tool 'lookup': 'userInputFields' names 'email', which is not one of its parameters.",
      ),
    );
  });

  test.each([
    ["refine", user.refine(() => true)],
    ["superRefine", user.superRefine(() => undefined)],
    ["check", user.check(() => undefined)],
  ])("is refused where %s looks at the object as a whole", (_, parameters) => {
    const broken = () => make({ requiresUserInput: true, parameters });
    expect(broken).toThrow(TypeError);
    expect(broken).toThrow(
      "Tool 'lookup': parameters that a person fills in must not carry a check",
    );
    expect(make({ requiresConfirmation: true, parameters }).requiresConfirmation).toBe(true);
  });

  test("may check its single fields", () => {
    const parameters = z.object({ user_id: z.string().refine((id) => id.startsWith("u-")) });
    expect(make({ requiresUserInput: true, parameters }).requiresUserInput).toBe(true);
  });
});

describe("the version", () => {
  const versionOf = (parameters: z.ZodObject) =>
    tool({ name: "t", parameters, execute: () => "" }).version;
  const amount = z.object({ amount: z.number(), note: z.string() });

  test.each([
    ["a type", z.object({ amount: z.string(), note: z.string() })],
    ["a bound", z.object({ amount: z.number().max(5), note: z.string() })],
    ["a default", z.object({ amount: z.number().default(5), note: z.string() })],
    ["a description", z.object({ amount: z.number().describe("EUR"), note: z.string() })],
    ["a parameter's name", z.object({ amounts: z.number(), note: z.string() })],
    ["what is required", z.object({ amount: z.number(), note: z.string().optional() })],
    ["what else is allowed", z.looseObject({ amount: z.number(), note: z.string() })],
  ])("changes with %s", (_, changed) => {
    expect(versionOf(changed)).not.toBe(versionOf(amount));
  });

  test("stays while the schema means the same, whatever else changes", () => {
    const same = z.object({ amount: z.number(), note: z.string() });
    const other = tool({ name: "u", description: "d", parameters: same, execute: () => 1 });
    expect(other.version).toBe(versionOf(amount));
    expect(approval(other).version).toBe(versionOf(amount));
  });

  test("stays where only the default is another, or another each time", () => {
    const five = versionOf(z.object({ n: z.number().default(5) }));
    let next = 0;
    const counting = z.object({ n: z.number().default(() => ++next) });
    expect(versionOf(counting)).toBe(five);
    expect(versionOf(counting)).toBe(five);
    expect(versionOf(z.object({ n: z.number() }))).not.toBe(five);
  });

  test("that is given wins", () => {
    expect(make({ version: "7" }).version).toBe("7");
  });
});

test("a tool cannot be changed, and a copy of one is none", () => {
  const made = make({ requiresConfirmation: true });
  expect(() => Object.assign(made, { requiresConfirmation: false })).toThrow(TypeError);
  expect(isTool(made)).toBe(true);
  expect(isTool({ ...made })).toBe(false);
  expect(isTool(null)).toBe(false);
  expect(isTool(Object.create(made))).toBe(false);
});
