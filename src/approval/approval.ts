import { type ApprovalPolicy, openRules, type Rules } from "../tools/policy.ts";
import { isTool, type Tool, withApproval } from "../tools/tool.ts";
import { type Duration, toMs } from "./duration.ts";
import { checkOptions } from "./options.ts";

export interface ApprovalOptions {
  /** "required" (default) stops the run until someone decides; "audit" keeps a record and does not decide. */
  type?: "required" | "audit";
  /** How long the approval waits before it lapses and the call is refused; default 7 days. */
  expiresIn?: Duration;
  /** How long after the decision the call may still start; later it is asked anew. Default 24 hours. */
  useWithin?: Duration;
  /** What happens then: the call is refused (default), or the whole run is cancelled. */
  onExpire?: Rules["onExpire"];
  /**
   * Whether a call needs an approval; others run as if the tool had none. Where it throws, or gives anything but false, a
   * person is asked; so is one always where the tool itself requires a confirmation, a user's input or external execution.
   */
  when?: ApprovalPolicy["when"];
  /**
   * Who may decide: people by any name their credential proves, "group:finance", "scope:payments"; or a function that says
   * so for the arguments, where one that throws names nobody. Default: whoever holds `approvals:write`.
   */
  approvers?: readonly string[] | ApprovalPolicy["approversOf"];
  /** How many different people must approve, and how many rejections are enough (default 1). Default 1. */
  quorum?: number | Partial<Rules["quorum"]>;
  /** Whether whoever asked for the call, or whom the run is for, may decide on it. Default false. */
  allowSelf?: boolean;
  /** The arguments that an approver may change, with `resolution_data.args`. */
  edit?: readonly string[];
  /** What a rejection may be for; where there are some, it needs one, in `resolution_data.reason`. */
  reasons?: readonly string[];
  risk?: Rules["risk"];
  /** How surely it must be known who decides: "email" < "slack" < "api" and "panel", which are people's sign-ins; a service has none. */
  minAssurance?: Rules["minAssurance"];
  /** After how long the approvers are reminded; several times where there are several. */
  remind?: Duration | readonly Duration[];
  /** Who may decide as well, once nobody has for so long. */
  escalate?: readonly { after: Duration; to: readonly string[] }[];
  /** Arguments that nobody is shown, and nothing but the tool is handed; the decision is bound to them all the same. */
  secret?: readonly string[];
  /** The ids of the channels that tell of it, such as "slack"; none for the panel and the API alone. Default: all. */
  notify?: readonly string[];
  /** What the approver reads beside the arguments; where it throws, nothing. */
  preview?: ApprovalPolicy["preview"];
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
  if (isTool(first)) return apply(first, policyOf(second ?? {}));
  if (typeof first !== "object" || first === null || "execute" in first || second !== undefined) {
    throw new TypeError("approval() takes a tool made by tool(), or options and then a tool.");
  }
  const policy = policyOf(first);
  return (target) => {
    if (!isTool(target)) throw new TypeError("approval() takes a tool made by tool().");
    return apply(target, policy);
  };
}

function apply(target: Tool, policy: ApprovalPolicy): Tool {
  if (target.approval !== null) {
    throw new TypeError(
      `Tool '${target.name}' has an approval already: give it all its options at once.`,
    );
  }
  return withApproval(target, policy);
}

function policyOf(options: ApprovalOptions): ApprovalPolicy {
  checkOptions(options);
  const { expiresIn = "7d", useWithin = "24h" } = options;
  const { approvers = null, quorum = 1, remind = [], escalate = [] } = options;
  const votes = typeof quorum === "number" ? { approve: quorum } : quorum;
  const times = Array.isArray(remind) ? remind : [remind as Duration];
  return {
    type: options.type ?? "required",
    expiresInMs: toMs("expiresIn", expiresIn),
    useWithinMs: toMs("useWithin", useWithin),
    rules: {
      ...openRules,
      approvers: Array.isArray(approvers) ? [...approvers] : null,
      quorum: { ...openRules.quorum, ...votes },
      allowSelf: options.allowSelf ?? false,
      edit: [...(options.edit ?? [])],
      reasons: options.reasons === undefined ? null : [...options.reasons],
      risk: options.risk ?? null,
      minAssurance: options.minAssurance ?? null,
      onExpire: options.onExpire ?? "reject",
      remindAfterMs: times.map((after) => toMs("remind", after)).sort((a, b) => a - b),
      escalate: escalate
        .map(({ after, to }) => ({ afterMs: toMs("escalate", after), to: [...to] }))
        .sort((a, b) => a.afterMs - b.afterMs),
      secret: [...(options.secret ?? [])],
      notify: options.notify === undefined ? null : [...options.notify],
    },
    when: options.when ?? null,
    preview: options.preview ?? null,
    approversOf: typeof approvers === "function" ? approvers : null,
  };
}
