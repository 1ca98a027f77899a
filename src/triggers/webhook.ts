import { isType } from "./event.ts";
import { type InboundEvent, isSecretHeader } from "./inbound.ts";
import type { Verifier } from "./verifier.ts";

/** What a run is started with. */
export interface WebhookInput {
  /** What the agent is to do, in words of yours; 256 KiB at most, the data included. */
  message: string;
  /** What comes from outside, as JSON: the model reads it after the message, marked as data and not as instructions. */
  data?: unknown;
  /** The session to go on with; default a new one. */
  sessionId?: string | null | undefined;
  /** Whom the run is for. */
  userId?: string | null | undefined;
}

type Nothing = null | undefined;

export interface WebhookOptions<T = unknown> {
  /** Where it is sent to: `POST /webhooks/<id>`. Lower-case letters, digits and hyphens. */
  id: string;
  /** The id of the agent or team that it starts. */
  agent: string;
  /** How it is known who sends: `github()`, `stripe()`, `standardWebhooks()`, `slackEvents()`, `bearer()` or `custom(…)`. */
  verify: Verifier;
  /**
   * What the run is started with; nothing where the event starts none. It may be asked again for the same event. Default: a
   * sentence that says that an event came in, with the body as its data.
   */
  input?: (event: InboundEvent<T>) => WebhookInput | Nothing | Promise<WebhookInput | Nothing>;
  /** The types that start runs, such as `issues.labeled`, or `issues` for all of its actions; others are ignored. Default: all. */
  events?: readonly string[];
  /** Further headers that `input` may read; they are kept with the event. */
  headers?: readonly string[];
  /** The largest body that is taken, in bytes; default, and at most, 1 MiB. */
  maxBytes?: number;
  /** The Worker's binding that limits the rate of what comes in. */
  limit?: string;
}

/** Something from outside that starts runs: `new AgentOS({ triggers: [webhook(…)] })`. */
export interface WebhookTrigger {
  readonly kind: "webhook";
  readonly id: string;
  readonly agent: string;
  readonly verify: Verifier;
  /** Null: all. */
  readonly events: readonly string[] | null;
  /** In lower case. */
  readonly headers: readonly string[];
  readonly maxBytes: number;
  readonly limit: string | null;
  input(event: InboundEvent): WebhookInput | Nothing | Promise<WebhookInput | Nothing>;
}

const mostBytes = 1024 * 1024;

/**
 * Starts a run of an agent for each event that a sender posts, however often it is delivered. `T` is what the sender says its
 * bodies are. Throws a TypeError that names what does not fit.
 */
export function webhook<T = unknown>(options: WebhookOptions<T>): WebhookTrigger {
  const { agent, events, headers = [], id, limit, maxBytes = mostBytes, verify } = options;
  if (typeof id !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(id))
    throw new TypeError(
      `'${id}' cannot be a webhook's id: lower-case letters, digits and hyphens, 63 at most.`,
    );
  const refuse = (problem: string) => new TypeError(`The webhook '${id}': ${problem}`);
  if (typeof agent !== "string" || agent === "")
    throw refuse("'agent' is missing: the id of an agent or a team.");
  if (typeof verify?.verify !== "function")
    throw refuse("'verify' is missing: how it is known who sends, such as github().");
  if (options.input !== undefined && typeof options.input !== "function")
    throw refuse("'input' is a function of the event.");
  if (events !== undefined && (!Array.isArray(events) || events.length === 0))
    throw refuse("'events' is a list of types; leave it out to take all of them.");
  const stranger = events?.find((type) => typeof type !== "string" || !isType(type));
  if (stranger !== undefined)
    throw refuse(`'${stranger}' in 'events' is no type, such as "issues.labeled" or "issues".`);
  const names = headers.map((name) => String(name).toLowerCase());
  const misfit = names.find((name) => !/^[a-z0-9_-]{1,64}$/.test(name));
  if (misfit !== undefined) throw refuse(`'${misfit}' in 'headers' is no header's name.`);
  const secret = names.find(isSecretHeader);
  if (secret !== undefined)
    throw refuse(`'${secret}' in 'headers' may hold a secret, and what is read is kept.`);
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > mostBytes)
    throw refuse(`'maxBytes' is a whole number from 1 to ${mostBytes}.`);
  if (limit !== undefined && (typeof limit !== "string" || !/^[A-Za-z_]\w*$/.test(limit)))
    throw refuse("'limit' is the name of a binding that limits the rate.");
  const input = options.input as WebhookTrigger["input"] | undefined;
  return {
    kind: "webhook",
    id,
    agent,
    verify,
    events: events === undefined ? null : [...events],
    headers: names,
    maxBytes,
    limit: limit ?? null,
    input: input ?? ((event) => usualInput(id, event)),
  };
}

function usualInput(id: string, { body, type }: InboundEvent): WebhookInput {
  const what = type === null ? "An event" : `An event of the type '${type}'`;
  return { message: `${what} came in by the webhook '${id}'.`, data: body };
}
