import { z } from "zod";

const id = z.string().min(1).max(255);
/** Who did it and where, which is in everything that Slack sends. */
const from = {
  team: z.object({ id }).nullish(),
  enterprise: z.object({ id }).nullish(),
  user: z.object({
    id,
    team_id: id.nullish(),
    username: z.string().nullish(),
    name: z.string().nullish(),
  }),
};

const typed = z.object({
  value: z.string().nullish(),
  selected_date: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
});
export type Typed = z.output<typeof typed>;

const Press = z.object({
  ...from,
  type: z.literal("block_actions"),
  trigger_id: z.string(),
  response_url: z.string().nullish(),
  channel: z.object({ id }).nullish(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().nullish() })).min(1),
});
export type Press = z.output<typeof Press>;

const Submission = z.object({
  ...from,
  type: z.literal("view_submission"),
  view: z.object({
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), typed)) }),
  }),
});
export type Submission = z.output<typeof Submission>;

const Shortcut = z.object({
  ...from,
  type: z.literal("shortcut"),
  trigger_id: z.string(),
  callback_id: z.string(),
});
export type Shortcut = z.output<typeof Shortcut>;

/** What Slack sends where somebody has done something. */
export type Payload = Press | Submission | Shortcut;

const Known = z.discriminatedUnion("type", [Press, Submission, Shortcut]);

/** What was sent; "other" where it is of a kind that nothing is done about, null where it cannot be read. */
export function readPayload(body: Uint8Array): Payload | "other" | null {
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const value = parsed(form.get("payload") ?? "");
  const known = Known.safeParse(value);
  if (known.success) return known.data;
  const kind = z.object({ type: z.string() }).safeParse(value);
  if (!kind.success) return null;
  return Known.options.some(({ shape }) => shape.type.value === kind.data.type) ? null : "other";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
