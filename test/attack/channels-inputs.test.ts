import { expect, test } from "vitest";
import { inputsOf } from "../../src/channels/slack/inputs.ts";
import { approvalRecord } from "../db/rows.ts";

test.each([
  ["Ada & Co <ada@example.com>: 12 #1*", true],
  ["Well done 🎉", false],
  ["to 🇩🇪", false],
  ["a ❤️", false],
])(
  "an argument that Slack would not give back as it was is changed in the panel alone: %s",
  (to, fits) => {
    const record = approvalRecord();
    const approval = { ...record, tool_args: { to }, policy: { ...record.policy, edit: ["to"] } };
    expect(inputsOf(approval, "approved") !== null).toBe(fits);
  },
);
