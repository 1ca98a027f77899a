import type { ApprovalRecord } from "../src/approval/record.ts";
import type { RunView } from "../src/run/view.ts";
import type { Example } from "../scripts/conversation.ts";

const runs = "/teams/support-team/runs";
const ask = (message: string) => ({ form: { message, user_id: "mia", stream: "false" } });
const ann = { status: "approved", resolved_by: "ann" };
interface Page {
  data: ApprovalRecord[];
}

export const example: Example = {
  about: "a team's own tool, a member's tool, and both in one run",

  async play({ get, post, say }) {
    say("A tool of the team's own: the leader wants it, and the approval comes from the team.");
    const own = await post<RunView>(runs, ask("Send an apology to mia@example.com"), {
      status: "PAUSED",
      team_id: "support-team",
    });
    const team = { source_type: "team", team_id: "support-team", agent_id: null };
    const { data: first } = await get<Page>(`/approvals?run_id=${own.run_id}`, {
      data: [{ tool_name: "send_apology", ...team }],
    });
    await post(`/approvals/${first[0]?.id}/resolve`, { json: ann }, ann);
    await post(
      `${runs}/${own.run_id}/continue`,
      { form: { stream: "false" } },
      {
        status: "COMPLETED",
        content: "[demo model] send_apology returned: An apology has been sent to mia@example.com.",
      },
    );

    say("A member's tool: the member works in a run of its own, and both runs pause.");
    const handed = await post<RunView>(runs, ask("Close account acc-7"), {
      status: "PAUSED",
      requirements: [
        { member_agent_id: "account-keeper", tool_execution: { tool_name: "close_account" } },
      ],
    });

    say("The approval is found by the team's run as by the member's, and tells how it came about.");
    const member = handed.requirements[0]?.member_run_id;
    const lineage = [
      { type: "team", id: "support-team", run_id: handed.run_id },
      { type: "agent", id: "account-keeper", run_id: member },
    ];
    const closing = {
      tool_args: { account_id: "acc-7" },
      source_type: "agent",
      agent_id: "account-keeper",
      team_id: "support-team",
      run_id: member,
      root_run_id: handed.run_id,
      user_id: "mia",
      context: { lineage },
    };
    const { data: second } = await get<Page>(`/approvals?run_id=${handed.run_id}`, {
      data: [closing],
    });
    await get(`/approvals?run_id=${member}`, { data: [{ id: second[0]?.id }] });

    say("One decision: the member goes on, and then, with its answer, the team.");
    await post(`/approvals/${second[0]?.id}/resolve`, { json: ann }, ann);
    await post(
      `${runs}/${handed.run_id}/continue`,
      { form: { stream: "false" } },
      {
        status: "COMPLETED",
        content:
          "[demo model] account-keeper answered: close_account returned: Account acc-7 has been closed.",
      },
    );

    say(
      "Both at once: each call has its own approval. One is rejected, which is not the other's business.",
    );
    const both = await post<RunView>(
      runs,
      ask("Close account acc-8 and send an apology to bob@example.com"),
      { status: "PAUSED" },
    );
    const { data: pending } = await get<Page>(`/approvals?status=pending&run_id=${both.run_id}`, {
      data: [{ tool_name: "close_account" }, { tool_name: "send_apology" }],
    });
    const [close, send] = pending;
    const no = { status: "rejected", resolution_data: { note: "He owes us money." } };
    await post(`/approvals/${close?.id}/resolve`, { json: no }, no);
    await post(`/approvals/${send?.id}/resolve`, { json: ann }, ann);
    await post(
      `${runs}/${both.run_id}/continue`,
      { form: { stream: "false" } },
      {
        status: "COMPLETED",
        content:
          "[demo model] account-keeper answered: close_account was not run. " +
          "Function call was rejected by the user: He owes us money.\n" +
          "send_apology returned: An apology has been sent to bob@example.com.",
      },
    );
  },
};
