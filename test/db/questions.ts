import type { Store } from "../../src/run/store.ts";
import { approvalRow, runRow } from "./rows.ts";

/** Something of everything that a store can be asked. */
export function questionsTo(store: Store): (() => Promise<unknown>)[] {
  return [
    async () => store.checkSchema(),
    async () => store.project(runRow(), [approvalRow()]),
    async () => store.listApprovals({}, { limit: 1, offset: 0 }),
    async () => store.countApprovals({ status: "pending" }),
    async () => store.listPending({}, { limit: 1, after: null }),
    async () => store.countByStatus({}),
    async () => store.readApproval("approval-1"),
    async () => store.stuckRuns(0, 1),
    async () => store.listRuns({ status: "PAUSED" }, { limit: 1, after: null }),
    async () => store.sessions.read("session-1"),
    async () => store.apiKeys.read("key-1"),
    async () => store.switches.read(["a"]),
    async () => store.deliveries.read("msg_1"),
    async () => store.channels.closed(),
    async () => store.links.of("ann"),
    async () => store.tokens.spend("a", 1),
    async () => store.events.read("evt_1"),
    async () => store.schedules.due(1, 1),
  ];
}
