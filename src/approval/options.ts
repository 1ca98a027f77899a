import { z } from "zod";
import { assurances, risks } from "../tools/policy.ts";

const name = z.string().trim().min(1).max(255);
const names = z.array(name).max(100);
/** A duration, which says by itself what is wrong with it. */
const span = z.unknown();
const code = z.custom<() => unknown>((value) => typeof value === "function", "must be a function");
const votes = z.number().int().min(1).max(100);

const schema = z.strictObject({
  type: z.unknown(),
  expiresIn: span.optional(),
  useWithin: span.optional(),
  onExpire: z.enum(["reject", "cancel-run"]).optional(),
  when: code.nullish(),
  approvers: z.union([names.min(1), code]).nullish(),
  quorum: z
    .union([votes, z.strictObject({ approve: votes.optional(), reject: votes.optional() })])
    .optional(),
  allowSelf: z.boolean().optional(),
  edit: names.optional(),
  reasons: names.min(1).optional(),
  risk: z.enum(risks).nullish(),
  minAssurance: z.enum(assurances).nullish(),
  remind: span.optional(),
  escalate: z
    .array(z.strictObject({ after: span, to: names.min(1) }))
    .max(20)
    .optional(),
  secret: names.optional(),
  notify: names.optional(),
  preview: code.nullish(),
});

/** Throws a TypeError that names the option which is unknown, or does not fit. */
export function checkOptions(options: object): void {
  const { type = "required" } = options as { type?: unknown };
  if (type !== "required" && type !== "audit") {
    throw new TypeError(`Invalid approval type: '${String(type)}'. Must be 'required' or 'audit'.`);
  }
  const stranger = Object.keys(options).find((key) => !Object.hasOwn(schema.shape, key));
  if (stranger !== undefined) {
    const known = Object.keys(schema.shape).join(", ");
    throw new TypeError(`Unknown approval option '${stranger}'. Known: ${known}.`);
  }
  const checked = schema.safeParse({ ...options, type });
  if (checked.success) return;
  const [issue] = checked.error.issues;
  throw new TypeError(`Invalid ${String(issue?.path[0])}: ${issue?.message}.`);
}
