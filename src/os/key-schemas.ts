import { z } from "@hono/zod-openapi";
import { toMs, type Duration } from "../approval/duration.ts";
import { holdsAny, isScope, mayDecide, scopesIn } from "./principal.ts";
import { seconds } from "./schemas.ts";
import { storable } from "./storable.ts";

const example = {
  id: "7h2k9qmd",
  name: "shop",
  last4: "x4tz",
  scopes: ["agents:data-manager:run", "agents:data-manager:read"],
  groups: [],
  created_by: "root",
  created_at: 1_795_644_390,
  expires_at: 1_803_420_390,
  revoked_at: null,
};

const fields = {
  id: z.string().describe("The key's id; its principal is `key:` and this."),
  name: z.string().describe("What it is for."),
  last4: z.string().describe("Its last four characters."),
  scopes: z.array(z.string()).describe("What it may do."),
  groups: z.array(z.string()).describe("The groups that it counts as one of."),
  created_by: z.string().describe("The principal that made it."),
  created_at: seconds("When it was made"),
  expires_at: seconds("From when on it is refused").nullable(),
  revoked_at: seconds("When it was revoked").nullable(),
};

export const ApiKey = z
  .object(fields)
  .describe("An API key, without the key itself.")
  .openapi("ApiKey", { example });

export const NewApiKey = z
  .object({
    ...fields,
    key: z.string().describe("The key. It is shown this once and kept nowhere."),
  })
  .describe("An API key that was just made.")
  .openapi("NewApiKey", {
    example: {
      ...example,
      key: "kern_7h2k9qmd_0a1b2c3d4e5f6g7h8j9kambncpdqesftgvhwjxkymznapbqcrdsex4tz",
    },
  });

/** A scope, or one for a single agent or team. */
const scope = z
  .string()
  .max(200)
  .refine(
    isScope,
    "There is no such scope: see the scopes of each operation, or give agents:ID:run.",
  );
const short = z
  .string()
  .max(100)
  .refine(
    (text) => !/[\p{Cc}\p{Cf}]/u.test(text),
    "Give a text without characters that nobody sees.",
  );

const forAYear = "Give a number with a unit, such as 4h or 90d, of ten years at most, or null.";

export const KeyRequest = z
  .object({
    name: short
      .refine((text) => text.trim() !== "", "The name must not be empty.")
      .describe("What it is for; shown wherever the key does something."),
    scopes: z
      .array(scope)
      .min(1)
      .max(100)
      .describe("What it may do, such as `approvals:read` or `agents:data-manager:run`."),
    groups: z.array(short).max(50).default([]).describe("The groups that it counts as one of."),
    expires_in: z
      .string()
      .max(20)
      .refine((text) => msOf(text) !== null, forAYear)
      .nullable()
      .default("90d")
      .describe("After which time it is refused; null for never."),
  })
  .superRefine((fields, ctx) => {
    storable(fields, ctx);
    if (mayBeHeld(fields.scopes)) return;
    ctx.addIssue({ code: "custom", path: ["scopes"], message: runsAndDecides });
  })
  .describe("A new API key.")
  .openapi("KeyRequest", {
    example: { name: "shop", scopes: example.scopes, groups: [], expires_in: "90d" },
  });

export const runsAndDecides =
  "A key that runs agents cannot decide on approvals: make one for each, or leave approvals:write out.";

/** How long a key lasts, in milliseconds; null for what is no time. */
export function msOf(text: string): number | null {
  try {
    return toMs("expires_in", text as Duration);
  } catch {
    return null;
  }
}

function mayBeHeld(words: string[]): boolean {
  const held = { scopes: scopesIn(words) };
  return mayDecide(held) || !holdsAny(held, "approvals:write");
}
