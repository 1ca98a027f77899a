import { describe, expect, test } from "vitest";
import { z } from "zod";
import { approval } from "../../src/approval/approval.ts";
import { openRules } from "../../src/tools/policy.ts";
import { isTool, tool, type Tool, type ToolOptions } from "../../src/tools/tool.ts";

const parameters = z.object({ user_id: z.string() });

function make(flags: Partial<ToolOptions<typeof parameters>> = {}) {
  return tool({ name: "delete_user_data", parameters, execute: () => "gone", ...flags });
}

const week = 7 * 86_400_000;
const defaults = {
  type: "required",
  expiresInMs: week,
  useWithinMs: 86_400_000,
  rules: openRules,
  when: null,
  preview: null,
  approversOf: null,
};

test.each([
  ["approval(tool)", () => approval(make())],
  ["approval(tool, {})", () => approval(make(), {})],
  ["approval()(tool)", () => approval()(make())],
  ["approval({})(tool)", () => approval({})(make())],
  ["approval({ type: 'required' })(tool)", () => approval({ type: "required" })(make())],
])("%s asks for a confirmation within seven days, to be used within one", (_, form) => {
  const gated = form();
  expect(gated.approval).toEqual(defaults);
  expect(gated.requiresConfirmation).toBe(true);
  expect(isTool(gated)).toBe(true);
});

test("the options say how long it waits and how long it may be used, in either form", () => {
  const options = { expiresIn: "4h", useWithin: 500 } as const;
  const expected = { ...defaults, expiresInMs: 4 * 3_600_000, useWithinMs: 500 };
  expect(approval(make(), options).approval).toEqual(expected);
  expect(approval(options)(make()).approval).toEqual(expected);
});

test("the tool itself stays as it was, and one set of options serves several tools", () => {
  const original = make();
  const two = approval({ expiresIn: "2s" });
  expect(two(original).approval?.expiresInMs).toBe(2000);
  expect(two(make({ name: "other" })).name).toBe("other");
  expect(original).toMatchObject({ approval: null, requiresConfirmation: false });
});

test.each(["requiresConfirmation", "requiresUserInput", "externalExecution"] as const)(
  "a tool with %s keeps that, and gets no other way to pause",
  (flag) => {
    for (const type of ["required", "audit"] as const) {
      const { requiresConfirmation, requiresUserInput, externalExecution } = approval(
        make({ [flag]: true }),
        { type },
      );
      const flags = { requiresConfirmation, requiresUserInput, externalExecution };
      expect(Object.entries(flags).filter(([, on]) => on)).toEqual([[flag, true]]);
    }
  },
);

test("an audit does not stop a tool that nothing else stops", () => {
  const audited = approval(make(), { type: "audit" });
  expect(audited).toMatchObject({
    requiresConfirmation: false,
    approval: { ...defaults, type: "audit" },
  });
  expect(approval({ type: "audit" })(make()).approval?.type).toBe("audit");
});

test("a second approval on one tool is refused, because it could only loosen the first", () => {
  const once = approval(make(), { expiresIn: "1h" });
  for (const again of [() => approval(once), () => approval({ type: "audit" })(once)]) {
    expect(again).toThrow(
      new TypeError(
        "Tool 'delete_user_data' has an approval already: give it all its options at once.",
      ),
    );
  }
});

test.each(["x", "Required", "", 1, null])(
  "the type %j is refused by name, in either form",
  (type) => {
    const options = { type: type as "required" };
    const error = new TypeError(
      `Invalid approval type: '${String(type)}'. Must be 'required' or 'audit'.`,
    );
    expect(() => approval(make(), options)).toThrow(error);
    expect(() => approval(options)).toThrow(error);
  },
);

test.each(["4 hours", "h", "", "-1s", "1e3s", "0s", 0, -5, Number.NaN, Infinity, "522w", null, {}])(
  "%j is no duration, and the error names the option",
  (duration) => {
    for (const option of ["expiresIn", "useWithin"]) {
      const options = { [option]: duration as number };
      expect(() => approval(make(), options)).toThrow(TypeError);
      expect(() => approval(options)).toThrow(`Invalid ${option}: '`);
    }
  },
);

test.each([
  ["500ms", 500],
  ["2s", 2_000],
  ["30m", 1_800_000],
  ["4h", 14_400_000],
  ["7d", week],
  ["2w", 2 * week],
  ["1.5h", 5_400_000],
  [" 2 s ", 2_000],
  [1, 1],
  [0.5, 1],
  [1_500.2, 1_501],
  ["3650d", 3650 * 86_400_000],
] as const)("%j lasts %d ms", (duration, ms) => {
  expect(approval(make(), { expiresIn: duration as "2s" }).approval?.expiresInMs).toBe(ms);
});

test("an option that does not exist is refused by name", () => {
  const options = { expires: "4h" } as object;
  const error = new TypeError(
    "Unknown approval option 'expires'. Known: type, expiresIn, useWithin, onExpire, when, approvers, quorum, allowSelf, " +
      "edit, reasons, risk, minAssurance, remind, escalate, secret, notify, preview.",
  );
  expect(() => approval(make(), options)).toThrow(error);
  expect(() => approval(options)).toThrow(error);
});

describe("what is not a tool", () => {
  const notTools: [string, unknown][] = [
    ["null", null],
    ["a text", "delete_user_data"],
    ["a number", 7],
    ["a function", () => "gone"],
    ["an object that looks like one", { name: "t", parameters, execute: () => "gone" }],
    ["a copy of one", { ...make() }],
  ];

  test.each(notTools)("is refused with a TypeError in the place of the tool: %s", (_, value) => {
    expect(() => approval(value as object)).toThrow(TypeError);
    expect(() => approval(value as Tool, {})).toThrow(TypeError);
    expect(() => approval()(value as Tool)).toThrow(
      new TypeError("approval() takes a tool made by tool()."),
    );
  });

  test("is not taken for options, with which it could be confused", () => {
    const lookalike: object = { execute: () => "gone" };
    expect(() => approval(lookalike)).toThrow(
      new TypeError("approval() takes a tool made by tool(), or options and then a tool."),
    );
  });

  test("is refused as options, too", () => {
    expect(() => approval(make(), "4h" as never)).toThrow(TypeError);
    expect(() => approval({} as Tool, {})).toThrow(
      new TypeError("approval() takes a tool made by tool(), or options and then a tool."),
    );
  });
});
