import { z } from "@hono/zod-openapi";

/** A query's whole number: digits only, so that "1e3", "0x10" and " 5" are refused. */
export function wholeNumber(min: number, max: number, fallback: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, "Give a whole number.")
    .default(String(fallback))
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
    .openapi({ type: "integer", minimum: min, maximum: max, default: fallback });
}
