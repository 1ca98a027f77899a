import type { z } from "@hono/zod-openapi";
import { ErrorBody, ValidationBody } from "./schemas.ts";

/** A JSON answer, as a route documents it. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

const texts = {
  400: "The body cannot be parsed.",
  401: "No valid credential.",
  403: "The credential may not do this, or the run waits for an approval.",
  404: "There is nothing by this id.",
  409: "It was decided already, or is in a state that does not allow this.",
  413: "The body is larger than 1 MiB.",
  415: "The body is of a content type that is not taken here.",
  422: "A value does not fit; nothing was changed.",
  503: "A binding, the configuration or the database is missing or out of reach.",
} as const;

/** The refusals that a route documents. */
export function refusals<C extends keyof typeof texts>(...codes: C[]) {
  return Object.fromEntries(
    codes.map((code) => [code, json(code === 422 ? ValidationBody : ErrorBody, texts[code])]),
  ) as Record<C, ReturnType<typeof json<typeof ErrorBody>>>;
}
