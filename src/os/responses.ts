import type { z } from "@hono/zod-openapi";
import { ErrorBody, type Issue, ValidationBody } from "./schemas.ts";

/** A JSON answer, as a route documents it. Without an example it is shown with the one that its schema's parts make. */
export function json<S extends z.ZodType>(
  schema: S,
  description: string,
  example?: z.output<NoInfer<S>>,
) {
  const media = { schema, ...(example !== undefined && { example }) };
  return { description, content: { "application/json": media } };
}

interface Refused {
  description: string;
  /** What is said, word by word, wherever the code is answered; a route adds its own. */
  details: readonly string[];
  headers?: Record<string, { description: string; schema: { type: "string" | "integer" } }>;
}

const refused = {
  400: {
    description: "The body cannot be parsed.",
    details: ["Malformed JSON in request body"],
  },
  401: {
    description: "No valid credential.",
    details: ["Authorization header required", "Invalid authentication token"],
    headers: {
      "WWW-Authenticate": { description: "Always `Bearer`.", schema: { type: "string" } },
    },
  },
  403: { description: "The credential may not do this.", details: [] },
  404: { description: "There is nothing by this id.", details: [] },
  409: { description: "It is in a state that does not allow this.", details: [] },
  413: {
    description: "The body is larger than 1 MiB.",
    details: ["The request body is larger than 1 MiB."],
  },
  415: {
    description: "The body is of a content type that is not taken here.",
    details: ["Unsupported Media Type"],
  },
  429: {
    description: "Too many requests of one source.",
    details: [],
    headers: {
      "Retry-After": {
        description: "After how many seconds to try again.",
        schema: { type: "integer" },
      },
    },
  },
  422: { description: "A value does not fit; nothing was changed.", details: [] },
  503: {
    description: "A binding, the configuration or the database is missing or out of reach.",
    details: [
      "Without a security key, only a loopback address is served. Set OS_SECURITY_KEY, or KERN_AUTH=none to serve everyone without authentication.",
    ],
    headers: {
      "Retry-After": {
        description: "After how many seconds to try again; only where waiting helps.",
        schema: { type: "integer" },
      },
    },
  },
} as const satisfies Record<number, Refused>;
type Code = keyof typeof refused;

/** What `detail` holds: a text, or what does not fit. */
export type Detail = string | readonly z.output<typeof Issue>[];

/** The refusals that a route documents: a code, or codes with what the route says beside what is always said. */
export function refusals(...codes: (Code | Partial<Record<Code, Detail[]>>)[]) {
  const details = new Map<Code, Detail[]>();
  for (const entry of codes) {
    if (typeof entry === "number") details.set(entry, []);
    else for (const [code, own] of Object.entries(entry)) details.set(Number(code) as Code, own);
  }
  return Object.fromEntries(
    [...details].map(([code, own]) => [code, refusal(code, own)]),
  ) as Record<Code, ReturnType<typeof refusal>>;
}

function refusal(code: Code, own: Detail[]) {
  const { description, details, headers }: Refused = refused[code];
  const schema = code === 422 ? ValidationBody : ErrorBody;
  return {
    description,
    ...(headers !== undefined && { headers }),
    content: { "application/json": { schema, examples: examplesOf([...details, ...own]) } },
  };
}

/** Errors as the examples of an answer. */
export function examplesOf(details: readonly Detail[]): Record<string, ErrorExample> {
  return Object.fromEntries(
    details.map((detail, i) => [
      `error-${i + 1}`,
      { summary: typeof detail === "string" ? detail : "What does not fit", value: { detail } },
    ]),
  );
}

interface ErrorExample {
  summary: string;
  value: { detail: Detail };
}
