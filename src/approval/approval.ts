import { isTool, type Tool, withApproval } from "../tools/tool.ts";
import { type Duration, toMs } from "./duration.ts";

export interface ApprovalOptions {
  /** "required" (default) stops the run until someone decides; "audit" keeps a record and does not decide. */
  type?: "required" | "audit";
  /** How long the approval waits before it lapses and the call is refused; default 7 days. */
  expiresIn?: Duration;
  /** How long after the decision the call may still start; later it is asked anew. Default 24 hours. */
  useWithin?: Duration;
}

/**
 * Puts a tool behind an approval: `approval(tool)`, `approval(tool, options)` or `approval(options)(tool)`. Nothing else
 * is needed to get the record, the panel, the expiry and the evidence. Throws a TypeError for what is not a tool or not a
 * valid option.
 */
export function approval(target: Tool, options?: ApprovalOptions): Tool;
export function approval(options?: ApprovalOptions): (target: Tool) => Tool;
export function approval(
  first: Tool | ApprovalOptions = {},
  second?: ApprovalOptions,
): Tool | ((target: Tool) => Tool) {
  if (isTool(first)) return apply(first, second ?? {});
  if (typeof first !== "object" || first === null || "execute" in first || second !== undefined) {
    throw new TypeError("approval() takes a tool made by tool(), or options and then a tool.");
  }
  const options = check(first);
  return (target) => {
    if (!isTool(target)) throw new TypeError("approval() takes a tool made by tool().");
    return apply(target, options);
  };
}

function apply(target: Tool, options: ApprovalOptions): Tool {
  if (target.approval !== null) {
    throw new TypeError(
      `Tool '${target.name}' has an approval already: give it all its options at once.`,
    );
  }
  const { type = "required", expiresIn = "7d", useWithin = "24h" } = check(options);
  return withApproval(target, {
    type,
    expiresInMs: toMs("expiresIn", expiresIn),
    useWithinMs: toMs("useWithin", useWithin),
  });
}

const known = ["type", "expiresIn", "useWithin"];

function check(options: ApprovalOptions): ApprovalOptions {
  const { type = "required" } = options;
  if (type !== "required" && type !== "audit") {
    throw new TypeError(`Invalid approval type: '${String(type)}'. Must be 'required' or 'audit'.`);
  }
  const stranger = Object.keys(options).find((key) => !known.includes(key));
  if (stranger !== undefined) {
    throw new TypeError(`Unknown approval option '${stranger}'. Known: ${known.join(", ")}.`);
  }
  if (options.expiresIn !== undefined) toMs("expiresIn", options.expiresIn);
  if (options.useWithin !== undefined) toMs("useWithin", options.useWithin);
  return options;
}
