import type { ApprovalRecord, RunStatus } from "../../src/approval/record.ts";
import type { Approval } from "../../src/tools/context.ts";

/** A tool's execution, as the tool server is asked for it. */
export interface Effected {
  tool: string;
  key: string;
  args: Record<string, unknown>;
  runId: string;
  callId: string;
  approval: Approval | null;
}

/** A projection into the database, as it is reported before and after. */
export interface Told {
  when: "before" | "after";
  runId: string;
  status: RunStatus;
  approvals: ApprovalRecord[];
}

/** A request to the database that fails, with what it says, though it may have been carried out. */
export interface DatabaseFault {
  message: string;
  commits: boolean;
}
