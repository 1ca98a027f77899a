import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { KernError } from "../errors.ts";
import type { ApiKeyRow, ApiKeyStore, Db } from "../run/store.ts";
import { hashOfApiKey, newApiKey } from "./api-key.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { ApiKey, KeyRequest, msOf, NewApiKey, runsAndDecides } from "./key-schemas.ts";
import type { Principal } from "./principal.ts";
import { json, refusals } from "./responses.ts";

const tags = ["Keys"];
const admin = requires("agent_os:admin");
const noDb = "API keys not available: pass a db to AgentOS to enable this feature.";
/** How many are listed at most. */
const maxKeys = 1000;

const params = z.object({
  key_id: z.string().describe("The key's id.").openapi({ example: "7h2k9qmd" }),
});

type Env = Record<string, unknown>;
type KeyView = z.output<typeof ApiKey>;

/** Everything that can be done to API keys, for the API and the panel alike. */
export interface Keys {
  /** Newest first, also those that are of no use any more. */
  list(env: Env): Promise<KeyView[]>;
  /** The key itself is in the answer, and kept nowhere. */
  create(
    env: Env,
    request: z.output<typeof KeyRequest>,
    principal: Principal,
  ): Promise<KeyView & { key: string }>;
  /** Safe to repeat. */
  revoke(env: Env, id: string): Promise<void>;
}

export function keysOf(db: Db | null, now: () => number): Keys {
  const store = (env: Env): ApiKeyStore => {
    if (db === null) throw new KernError("unavailable", noDb);
    return db.connect(env).apiKeys;
  };
  return {
    async list(env) {
      return (await store(env).list(maxKeys)).map(keyView);
    },
    async create(env, { expires_in, groups, name, scopes }, { aliases, id: createdBy }) {
      const { id, key } = newApiKey();
      const atMs = now();
      const row: ApiKeyRow = {
        id,
        name,
        hash: hashOfApiKey(key),
        last4: key.slice(-4),
        scopes: [...new Set(scopes)],
        groups: [...new Set(groups)],
        aliases: [...aliases],
        created_by: createdBy,
        created_at_ms: atMs,
        expires_at_ms: expires_in === null ? null : atMs + (msOf(expires_in) ?? 0),
        revoked_at_ms: null,
      };
      if (!(await store(env).add(row)))
        throw new KernError("unavailable", "The key could not be made. Try again.", {
          retryAfterMs: 1000,
        });
      return { ...keyView(row), key };
    },
    async revoke(env, id) {
      if (!(await store(env).revoke(id, now()))) throw new KernError("not_found", "Key not found");
    },
  };
}

/** The project's own API keys: made, listed and taken back. */
export function keyRoutes(keys: Keys): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });

  app.openapi(
    createRoute({
      method: "get",
      path: "/keys",
      operationId: "listKeys",
      tags,
      summary: "List the API keys, newest first",
      description: "Also those that have expired or were revoked; 1,000 at most.",
      middleware: admin,
      responses: {
        200: json(z.object({ data: z.array(ApiKey).describe("The keys.") }), "The keys."),
        ...refusals(401, 403, { 503: [noDb] }),
      },
    }),
    async (c) => c.json({ data: await keys.list(c.env) }, 200),
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/keys",
      operationId: "createKey",
      tags,
      summary: "Make an API key",
      description:
        "The key is in the answer, this once. It speaks for a service, and never counts as a person.",
      middleware: admin,
      request: {
        body: { content: { "application/json": { schema: KeyRequest } }, required: true },
      },
      responses: {
        201: json(NewApiKey, "The key, and what is kept of it."),
        ...refusals(400, 401, 403, 413, 415, {
          422: [[{ type: "custom", loc: ["body", "scopes"], msg: runsAndDecides }]],
          503: [noDb],
        }),
      },
    }),
    async (c) => c.json(await keys.create(c.env, c.req.valid("json"), c.var.principal), 201),
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/keys/{key_id}",
      operationId: "revokeKey",
      tags,
      summary: "Revoke an API key",
      description: "It is refused from the next request on, and stays in the list. Safe to repeat.",
      middleware: admin,
      request: { params },
      responses: {
        204: { description: "Revoked." },
        ...refusals(401, 403, 404, { 503: [noDb] }),
      },
    }),
    async (c) => {
      await keys.revoke(c.env, c.req.valid("param").key_id);
      return c.body(null, 204);
    },
  );

  return app;
}

function keyView(row: ApiKeyRow): KeyView {
  const { created_at_ms, created_by, expires_at_ms, groups, id, last4, name, revoked_at_ms } = row;
  return {
    id,
    name,
    last4,
    scopes: row.scopes,
    groups,
    created_by,
    created_at: Math.floor(created_at_ms / 1000),
    expires_at: expires_at_ms && Math.floor(expires_at_ms / 1000),
    revoked_at: revoked_at_ms && Math.floor(revoked_at_ms / 1000),
  };
}
