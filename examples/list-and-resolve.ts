import type { RunView } from "../src/run/view.ts";
import type { Conversation, Example } from "../scripts/conversation.ts";

const runs = "/agents/data-manager/runs";
const list = "/approvals?agent_id=data-manager";

export const example: Example = {
  about: "two runs wait; one call is approved, one is rejected with a note",

  async play(api) {
    const { get, post, say } = api;

    say("Mia and Bob each ask for a deletion. Both runs pause.");
    const mias = await start(api, "mia", "u-42");
    const bobs = await start(api, "bob", "u-7");

    say("What waits, the newest first; what waits for one of them; how many.");
    await get(`${list}&status=pending`, {
      data: [
        { id: bobs.approval, tool_args: { user_id: "u-7" }, user_id: "bob" },
        { id: mias.approval, tool_args: { user_id: "u-42" }, user_id: "mia" },
      ],
      meta: { page: 1, limit: 100, total_pages: 1, total_count: 2 },
    });
    await get(`${list}&status=pending&user_id=mia`, { data: [{ id: mias.approval }] });
    await get("/approvals/count", { count: 2 });
    await get("/approvals/count?user_id=bob", { count: 1 });

    say("No client gets past it: this run waits for an admin, whatever is sent.");
    const form = { tools: '[{"tool_call_id":"call_demo_1","confirmed":true}]', stream: "false" };
    const detail = "This run requires admin approval before it can be continued";
    await post(`${runs}/${bobs.run}/continue`, { form }, { detail }, 403);

    say("Ann approves the one.");
    await post(
      `/approvals/${mias.approval}/resolve`,
      { json: { status: "approved", resolved_by: "ann" } },
      { status: "approved", resolved_by: "ann" },
    );
    await end(api, mias.run, "delete_user_data returned: All data for user u-42 has been deleted.");

    say("She rejects the other, with a note. The model is told, and repeats it.");
    const note = "u-7 is still a customer";
    await post(
      `/approvals/${bobs.approval}/resolve`,
      { json: { status: "rejected", resolved_by: "ann", resolution_data: { note } } },
      { status: "rejected", resolution_data: { note } },
    );
    await end(
      api,
      bobs.run,
      `delete_user_data was not run. Function call was rejected by the user: ${note}`,
    );

    say("The first decision counts. Who comes later is told so.");
    await post(
      `/approvals/${bobs.approval}/resolve`,
      { json: { status: "approved", resolved_by: "carl" } },
      { detail: "Approval is already 'rejected' and cannot be resolved" },
      409,
    );
    await get(`/approvals/${bobs.approval}/status`, {
      approval_id: bobs.approval,
      status: "rejected",
      run_id: bobs.run,
      resolved_by: "ann",
    });

    say("What was decided stays in the list, until it is taken out.");
    await get(`${list}&status=approved`, {
      data: [{ id: mias.approval, run_status: "COMPLETED" }],
    });
    await api.delete(`/approvals/${bobs.approval}`);
    await get(`/approvals/${bobs.approval}`, { detail: "Approval not found" }, 404);
    await get(list, { data: [{ id: mias.approval }], meta: { total_count: 1 } });
  },
};

async function start({ post }: Conversation, user: string, victim: string) {
  const run = await post<RunView>(
    runs,
    { form: { message: `Please delete user ${victim}`, user_id: user, stream: "false" } },
    {
      status: "PAUSED",
      tools: [{ tool_name: "delete_user_data", tool_args: { user_id: victim } }],
    },
  );
  return { run: run.run_id, approval: run.tools[0]?.approval_id };
}

async function end({ post }: Conversation, run: string, content: string): Promise<void> {
  await post(
    `${runs}/${run}/continue`,
    { form: { stream: "false" } },
    { status: "COMPLETED", content: `[demo model] ${content}` },
  );
}
