import type { ApprovalRecord } from "../src/approval/record.ts";
import type { RunView } from "../src/run/view.ts";
import type { Example } from "../scripts/conversation.ts";
import { startHackerNews } from "./fakes/hacker-news.ts";

const runs = "/agents/hacker-news/runs";

export const example: Example = {
  about: "a tool waits for a person, from the question to the answer",

  vars: async () => ({ HACKER_NEWS_URL: await startHackerNews() }),

  async play({ get, post, say }) {
    const call = {
      tool_name: "get_top_hackernews_stories",
      tool_args: { num_stories: 2 },
    };

    say("Mia asks. The agent wants its tool, which is behind an approval: the run pauses.");
    const message = "What are the top 2 stories on Hacker News?";
    const run = await post<RunView>(
      runs,
      { form: { message, user_id: "mia", stream: "false" } },
      { status: "PAUSED", tools: [{ ...call, result: null }] },
    );

    say("What waits for a decision, whoever asked. It is in the panel too.");
    const { data } = await get<{ data: ApprovalRecord[] }>(
      "/approvals?status=pending&agent_id=hacker-news",
      {
        data: [
          { id: run.tools[0]?.approval_id, ...call, pause_type: "confirmation", user_id: "mia" },
        ],
        meta: { total_count: 1 },
      },
    );

    say("Ann approves. That is all it takes: the run goes on by itself.");
    const decision = { status: "approved", resolved_by: "ann" };
    await post(`/approvals/${data[0]?.id}/resolve`, { json: decision }, decision);

    say("Who wants the outcome waits for it, with continue, or reads the run.");
    const stories =
      "Show HN: A run that waits for a week (https://example.com/waits)\n" +
      "Ask HN: Who approves your agents? (https://news.ycombinator.com/item?id=1002)";
    await post(
      `${runs}/${run.run_id}/continue`,
      { form: { stream: "false" } },
      {
        status: "COMPLETED",
        content: `[demo model] ${call.tool_name} returned: ${stories}`,
      },
    );
  },
};
