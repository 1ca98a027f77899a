import type { OpenAPIHono } from "@hono/zod-openapi";
import {
  type ApiDocument,
  type Media,
  nameOf,
  type Operation,
  type Schema,
} from "../panel/api-document.ts";
import { lacking, type OsEnv } from "./auth.ts";
import type { Scope } from "./principal.ts";
import { type Detail, examplesOf } from "./responses.ts";
import { RunEvent } from "./run-event.ts";

const tags = [
  {
    name: "Agents",
    description: "The agents, and their runs: start, read, answer, follow, cancel.",
  },
  {
    name: "Teams",
    description:
      "The teams, and their runs: a leader hands tasks to members, whose pauses are its.",
  },
  { name: "Approvals", description: "The calls that wait for a person, and what became of them." },
  { name: "Sessions", description: "The conversations that runs belong to, and whose they are." },
  { name: "Core", description: "What this service is, what it serves, and whether it can work." },
  { name: "Keys", description: "The project's own API keys, for services." },
  {
    name: "Kill switch",
    description: "Keeping every gated call of an agent, or of all, from starting.",
  },
  { name: "Channels", description: "Where approvals are told of, and what came of it." },
  { name: "Webhooks", description: "What comes in from outside and starts runs by itself." },
  { name: "Schedules", description: "What starts runs by the clock." },
  { name: "Operations", description: "Seeing and moving what is stuck." },
];

const introduction = `
Agents that wait for a human. Every gated call has an approval; the first decision wins, and the run goes on by itself.

**Authentication.** Send a credential as a bearer token, \`Authorization: Bearer CREDENTIAL\`: a token of the identity provider's, an API key, or the security key. Whom Cloudflare Access has let in needs none. Each operation names the scope that its caller needs; \`agent_os:admin\`, and the security key, hold all of them, and \`agents:ID:run\`, \`teams:ID:read\` and the like hold for one agent or team. Without anything configured, only a loopback address is served.

**Errors** are \`{"detail": "<text>"}\`. A request that does not fit is 422, and its \`detail\` is a list of what does not fit, and where. No error leaves anything half done.

**Times** are whole epoch seconds, unless their name says otherwise. Every key of an answer is always there, null where there is nothing to say, unless it is called optional.
`.trim();

/** The API's document, made of the app itself: its routes, their schemas, and the guards that stand before them. */
export function documentOf(
  app: OpenAPIHono<OsEnv>,
  { name, version }: { name: string; version: string },
): ApiDocument {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description:
      "A signed token (JWT), an API key (`kern_…`) or `OS_SECURITY_KEY`. A browser that has signed in at `/panel` sends its cookie instead.",
  });
  app.openAPIRegistry.register("RunEvent", RunEvent);
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: name, version, description: introduction },
    servers: [{ url: "/", description: "Where this document was read." }],
    tags,
  }) as unknown as ApiDocument;
  const { schemas } = document.components;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      addScopes(operation, scopesOf(app, method, path));
      addMissing(operation, path);
      for (const media of mediaOf(operation)) addExample(media, schemas);
    }
  }
  return document;
}

/** The scopes that the route's own guards ask for. */
function scopesOf({ routes }: OpenAPIHono<OsEnv>, method: string, path: string): Scope[] {
  const served = path.replaceAll(/\{(\w+)\}/g, ":$1");
  return routes
    .filter((route) => route.method === method.toUpperCase() && route.path === served)
    .flatMap(({ handler }) => ("scope" in handler ? [handler.scope as Scope] : []));
}

function addScopes(operation: Operation, scopes: Scope[]): void {
  operation.security = scopes.length === 0 ? [] : [{ bearer: scopes }];
  if (scopes.length > 0) operation["x-required-scopes"] = scopes;
  addDetails(operation, 403, scopes.map(lacking));
}

/** What is not found is named by the path: `{run_id}` is answered by "Run not found". */
function addMissing(operation: Operation, path: string): void {
  const names = [...path.matchAll(/\{(\w+)_id\}/g)].map(([, name = ""]) => name);
  const details = names.map((name) => `${name.charAt(0).toUpperCase()}${name.slice(1)} not found`);
  addDetails(operation, 404, details);
}

function addDetails({ responses }: Operation, status: number, details: string[]): void {
  const media = responses[status]?.content?.["application/json"];
  if (media === undefined) return;
  const own = Object.values(media.examples ?? {}).map(
    ({ value }) => (value as { detail: Detail }).detail,
  );
  media.examples = examplesOf([...details, ...own]);
}

/** What is sent, and what is answered where all is well. */
function mediaOf({ requestBody, responses }: Operation): Media[] {
  const answers = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  return [requestBody, ...answers.map(([, answer]) => answer)].flatMap((part) =>
    Object.values(part?.content ?? {}),
  );
}

function addExample(media: Media, schemas: Record<string, Schema>): void {
  if (media.example !== undefined || media.schema === undefined) return;
  const example = exampleOf(media.schema, schemas);
  if (example !== undefined) media.example = example;
}

/** A value that the examples of the schema's parts make; undefined where one that is required has none, or all. */
function exampleOf(schema: Schema, schemas: Record<string, Schema>): unknown {
  const name = nameOf(schema);
  const {
    example,
    items,
    properties,
    required = [],
  } = name === null ? schema : (schemas[name] ?? {});
  if (example !== undefined) return example;
  if (items !== undefined) {
    const item = exampleOf(items, schemas);
    return item === undefined ? undefined : [item];
  }
  if (properties === undefined) return undefined;
  const parts = Object.entries(properties)
    .map(([key, part]) => [key, exampleOf(part, schemas)] as const)
    .filter(([, part]) => part !== undefined);
  const value: Record<string, unknown> = Object.fromEntries(parts);
  const isEmpty = parts.length === 0 && Object.keys(properties).length > 0;
  return isEmpty || required.some((key) => !(key in value)) ? undefined : value;
}
