import { createHash } from "node:crypto";
import type { JsonObject } from "../approval/record.ts";
import type { Tool } from "../tools/tool.ts";
import type { CallState, RunState } from "./state.ts";

/** What stands in place of what nobody is shown. */
const mask = "••••••";

/** The arguments of a call that nobody is shown: by the tool as it is, and by the approval that was asked for. */
export function secretsOf(
  state: RunState,
  call: CallState,
  tools: ReadonlyMap<string, Tool>,
  approval = call.approvalId === null ? undefined : state.approvals.get(call.approvalId),
): readonly string[] {
  return [
    ...(call.secret ?? []),
    ...(approval?.rules.secret ?? []),
    ...(tools.get(call.toolName)?.approval?.rules.secret ?? []),
  ];
}

/** What a person gives, without the masks that they were shown and give back: those stand for what is there. */
export function withoutMasks(given: JsonObject, secrets: readonly string[]): JsonObject {
  const own = Object.entries(given).filter(
    ([name, value]) => !(secrets.includes(name) && value === mask),
  );
  return Object.fromEntries(own);
}

/**
 * The hash of a call's arguments as it is shown: where some are secret, one that says nothing of them to whoever tries all
 * that they might be, because the run's journal alone knows what else is in it. The same arguments have the same.
 */
export function shownHash(state: RunState, hash: string, secrets: readonly string[]): string {
  const salt = state.steps[0]?.boot;
  if (secrets.length === 0 || salt === undefined) return hash;
  return createHash("sha256").update(`kern.shown.v1\n${salt}\n${hash}`).digest("hex");
}

/** A copy in which the values of these fields cannot be read; what is not there is not made up. */
export function masked(args: JsonObject, secrets: readonly string[]): JsonObject {
  if (secrets.length === 0) return args;
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      secrets.includes(name) && value !== null && value !== undefined ? mask : value,
    ]),
  );
}

/** A decision's data, which may hold arguments that were filled in or changed. */
export function maskedData(data: JsonObject | null, secrets: readonly string[]): JsonObject | null {
  if (data === null || secrets.length === 0) return data;
  const inner = ["args", "values"].flatMap((part) => {
    const value: unknown = data[part];
    return typeof value === "object" && value !== null
      ? [[part, masked(value as JsonObject, secrets)] as const]
      : [];
  });
  return { ...masked(data, secrets), ...Object.fromEntries(inner) };
}

/** The arguments as the model wrote them, which may be no JSON at all. */
export function maskedText(call: CallState, secrets: readonly string[]): string {
  if (secrets.length === 0) return call.rawArguments;
  return call.args === null ? "{}" : JSON.stringify(masked(call.args, secrets));
}

/** A text in which the values of these arguments cannot be read, where it quotes them. */
export function unsaid(text: string, call: CallState, secrets: readonly string[]): string {
  const values = secrets.map((name): unknown => call.args?.[name]);
  return values
    .map((value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "")))
    .filter((value) => value !== "" && value !== "null")
    .reduce((rest, value) => rest.replaceAll(value, mask), text);
}
