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
    ...(approval?.rules.secret ?? []),
    ...(tools.get(call.toolName)?.approval?.rules.secret ?? []),
  ];
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
