import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { z } from "zod";
import type { Approval, ToolContext } from "./context.ts";
import type { ApprovalPolicy } from "./policy.ts";
import { hasTransform, isParameters, type Parameters, toJsonSchema, withOpen } from "./schema.ts";

/** What a `reconcile` found out about a call that was interrupted. */
export type Reconciliation =
  | { status: "done"; result: unknown }
  | { status: "not_done" }
  | { status: "unknown" };

export interface ToolOptions<P extends Parameters> {
  /** 1 to 64 of `A-Z a-z 0-9 _ -`. */
  name: string;
  description?: string;
  parameters: P;
  /** May be left out where `externalExecution` is set. What it returns is told to the model: a string, or JSON. */
  execute?: (args: z.output<P>, ctx: ToolContext) => unknown;
  requiresConfirmation?: boolean;
  requiresUserInput?: boolean;
  /** The parameters that the user fills in; default: all. */
  userInputFields?: (keyof z.output<P> & string)[];
  externalExecution?: boolean;
  /** The call may be repeated under one `ctx.idempotencyKey` without a second effect. */
  idempotent?: boolean;
  /** Tells what became of an interrupted call, by its `idempotencyKey`. */
  reconcile?: (key: string, ctx: ToolContext) => Reconciliation | Promise<Reconciliation>;
  /** Changes whenever an approval given before must be asked again; default: a hash of the parameters' schema. */
  version?: string;
  /** How long one call may take, in milliseconds; default 60 s. */
  timeoutMs?: number;
}

/**
 * What may be repeated after a crash: `idempotent` always, under one key; `verifiable` once `reconcile` has told what
 * became of it; `once` never.
 */
export type Effect = "idempotent" | "verifiable" | "once";

/** A tool as agents hold it; made by `tool()` only. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  /** JSON Schema of the parameters. */
  readonly jsonSchema: Record<string, unknown>;
  readonly version: string;
  readonly effect: Effect;
  readonly timeoutMs: number;
  readonly requiresConfirmation: boolean;
  readonly requiresUserInput: boolean;
  readonly userInputFields: readonly string[];
  readonly externalExecution: boolean;
  readonly approval: ApprovalPolicy | null;
  execute(args: Record<string, unknown>, ctx: ToolContext): unknown;
  reconcile: ((key: string, ctx: ToolContext) => Reconciliation | Promise<Reconciliation>) | null;
}

export type { Approval, ApprovalPolicy, ToolContext };

const made = new WeakSet<object>();

/**
 * Declares a tool. Throws a TypeError where the options contradict each other or the parameters cannot be expressed in
 * JSON Schema.
 */
export function tool<P extends Parameters>(options: ToolOptions<P>): Tool {
  const { name, parameters, execute, timeoutMs = 60_000 } = options;
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new TypeError(`Tool '${name}': a tool's name is 1 to 64 letters, digits, '_' or '-'.`);
  }
  if (!isParameters(parameters)) {
    throw new TypeError(
      `Tool '${String(name)}': 'parameters' must be a zod object, such as z.object({ user_id: z.string() }).`,
    );
  }
  const flags = [
    options.requiresConfirmation,
    options.requiresUserInput,
    options.externalExecution,
  ].filter(Boolean);
  if (flags.length > 1) {
    throw new TypeError(
      "Only one of 'requiresUserInput', 'requiresConfirmation', or 'externalExecution' can be set to true at the same time.",
    );
  }
  if (execute === undefined && options.externalExecution !== true) {
    throw new TypeError(
      `Tool '${name}': 'execute' is missing; only a tool with 'externalExecution' goes without.`,
    );
  }
  if (options.idempotent === true && options.reconcile !== undefined) {
    throw new TypeError(`Tool '${name}': 'idempotent' and 'reconcile' exclude each other.`);
  }
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    throw new TypeError(`Tool '${name}': 'timeoutMs' must be a positive number of milliseconds.`);
  }
  const jsonSchema = toJsonSchema(name, parameters);
  const userInputFields = options.userInputFields ?? Object.keys(parameters.shape);
  for (const field of userInputFields) {
    if (!Object.hasOwn(parameters.shape, field)) {
      throw new TypeError(
        `Tool '${name}': 'userInputFields' names '${field}', which is not one of its parameters.`,
      );
    }
  }
  if (options.requiresUserInput === true) withOpen(name, parameters, userInputFields);
  return seal({
    name,
    description: options.description ?? "",
    parameters,
    jsonSchema,
    version: options.version ?? versionOf(name, parameters),
    effect:
      options.idempotent === true
        ? "idempotent"
        : options.reconcile === undefined
          ? "once"
          : "verifiable",
    timeoutMs,
    requiresConfirmation: options.requiresConfirmation ?? false,
    requiresUserInput: options.requiresUserInput ?? false,
    userInputFields,
    externalExecution: options.externalExecution ?? false,
    approval: null,
    execute: (args, ctx) => execute?.(args as z.output<P>, ctx),
    reconcile: options.reconcile ?? null,
  });
}

/** A copy of the tool with an approval; throws a TypeError where that names parameters that the tool does not have. */
export function withApproval(original: Tool, policy: ApprovalPolicy): Tool {
  for (const field of [...policy.rules.edit, ...policy.rules.secret]) {
    if (!Object.hasOwn(original.parameters.shape, field))
      throw new TypeError(
        `Tool '${original.name}': its approval names '${field}', which is not one of its parameters.`,
      );
  }
  const gated = isGated(original) || policy.type === "audit";
  return seal({
    ...original,
    // Whoever the tool asks by itself is asked all the same.
    approval: original.requiresConfirmation ? { ...policy, when: null } : policy,
    requiresConfirmation: gated ? original.requiresConfirmation : true,
  });
}

export function isTool(value: unknown): value is Tool {
  return typeof value === "object" && value !== null && made.has(value);
}

/** Whether a call of this tool waits for a person before it runs. */
export function isGated(candidate: Tool): boolean {
  return (
    candidate.requiresConfirmation || candidate.requiresUserInput || candidate.externalExecution
  );
}

/** JSON Schema of the parameters as a model is told: what a person fills in it may suggest, or leave out. */
export function schemaForModel({
  jsonSchema,
  name,
  parameters,
  requiresUserInput,
  userInputFields,
}: Tool): Record<string, unknown> {
  return requiresUserInput
    ? toJsonSchema(name, withOpen(name, parameters, userInputFields))
    : jsonSchema;
}

function seal(candidate: Tool): Tool {
  if ((isGated(candidate) || candidate.approval !== null) && hasTransform(candidate.parameters)) {
    throw new TypeError(
      `Tool '${candidate.name}': the parameters of a gated tool must not transform values, because what a person approves ` +
        "must be what is executed. Transform inside 'execute' instead.",
    );
  }
  made.add(Object.freeze(candidate));
  return candidate;
}

/** Defaults say nothing of what was approved, for they are filled in before; and some differ each time they are asked. */
function versionOf(name: string, parameters: Parameters): string {
  return createHash("sha256")
    .update(canonicalize(toJsonSchema(name, parameters, { defaults: false })) ?? "")
    .digest("hex")
    .slice(0, 16);
}
