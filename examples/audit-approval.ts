import type { RunView } from "../src/run/view.ts";
import type { Conversation, Example } from "../scripts/conversation.ts";

const runs = "/agents/order-desk/runs";
const list = "/approvals?agent_id=order-desk";

export const example: Example = {
  about: "calls that leave a record of what was done, and one that waits for an admin",

  async play(api) {
    const { get, post, say } = api;

    say("A plain tool with an audit approval does not stop the run. Its record tells the outcome.");
    const sent = await start(api, "Send the receipt of order o-1", {
      status: "COMPLETED",
      content: "[demo model] send_receipt returned: The receipt of order o-1 has been sent.",
    });
    await get(`/approvals?run_id=${sent.run_id}`, {
      data: [
        {
          id: sent.tools[0]?.approval_id,
          approval_type: "audit",
          status: "approved",
          tool_name: "send_receipt",
          tool_args: { order_id: "o-1" },
          user_id: "mia",
          resolved_by: null,
          call_outcome: "succeeded",
        },
      ],
    });

    say("Confirmation: the run's own user is asked, and no admin has anything to decide.");
    const cancelling = await start(api, "Cancel order o-2", {
      status: "PAUSED",
      tools: [
        { tool_call_id: "call_demo_1", tool_name: "cancel_order", requires_confirmation: true },
      ],
    });
    await get("/approvals/count", { count: 0 });
    await answer(
      api,
      cancelling,
      { confirmed: false, confirmation_note: "It is a present" },
      "cancel_order was not run. Function call was rejected by the user: It is a present",
    );

    say("User input: the user fills in the fields that the tool leaves to them.");
    const booking = await start(api, "Book the delivery of order o-3", {
      status: "PAUSED",
      tools: [
        {
          tool_call_id: "call_demo_1",
          tool_name: "book_delivery",
          tool_args: { order_id: "o-3" },
          user_input_schema: [
            { name: "address", field_type: "string", description: "Where to.", value: null },
            { name: "day", field_type: "string", description: "On which day.", value: null },
          ],
        },
      ],
    });
    const address = { name: "address", value: "Elm Street 1" };
    await answer(
      api,
      booking,
      { user_input_schema: [address, { name: "day", value: "2026-12-24" }] },
      "book_delivery returned: Order o-3 comes to Elm Street 1 on 2026-12-24.",
    );

    say("External execution: whoever did it elsewhere hands in the result.");
    const weighing = await start(api, "Weigh the parcel of order o-4", {
      status: "PAUSED",
      tools: [
        {
          tool_call_id: "call_demo_1",
          tool_name: "weigh_parcel",
          external_execution_required: true,
        },
      ],
    });
    await answer(api, weighing, { result: "2.4 kg" }, "weigh_parcel returned: 2.4 kg");

    say("Both kinds in one run: the receipt is sent at once, the refund waits for an admin.");
    const both = await start(api, "Send the receipt of order o-5, then refund 20 of order o-5", {
      status: "PAUSED",
      tools: [
        { tool_name: "send_receipt", approval_type: "audit" },
        { tool_name: "refund_order", approval_type: "required", result: null },
      ],
    });
    await post(
      `/approvals/${both.tools[1]?.approval_id}/resolve`,
      { json: { status: "approved", resolved_by: "ann" } },
      { status: "approved", resolved_by: "ann" },
    );
    await post(
      `${runs}/${both.run_id}/continue`,
      { form: { stream: "false" } },
      {
        status: "COMPLETED",
        content:
          "[demo model] send_receipt returned: The receipt of order o-5 has been sent.\n" +
          "refund_order returned: 20 of order o-5 have been refunded.",
      },
    );

    say("The whole audit, the newest first: who was asked, what they said, what came of it.");
    await get(`${list}&approval_type=audit`, {
      data: [
        record("send_receipt", { order_id: "o-5" }, "approved", null, "succeeded"),
        record("weigh_parcel", { order_id: "o-4" }, "approved", "mia", "succeeded"),
        record(
          "book_delivery",
          { order_id: "o-3", address: "Elm Street 1", day: "2026-12-24" },
          "approved",
          "mia",
          "succeeded",
        ),
        record("cancel_order", { order_id: "o-2" }, "rejected", "mia", "rejected"),
        record("send_receipt", { order_id: "o-1" }, "approved", null, "succeeded"),
      ],
      meta: { total_count: 5 },
    });
    await get(`${list}&approval_type=required`, {
      data: [
        record("refund_order", { order_id: "o-5", amount: 20 }, "approved", "ann", "succeeded"),
      ],
    });
  },
};

function record(
  tool_name: string,
  tool_args: Record<string, unknown>,
  status: string,
  resolved_by: string | null,
  call_outcome: string,
) {
  return { tool_name, tool_args, status, resolved_by, call_outcome };
}

async function start({ post }: Conversation, message: string, expected: unknown): Promise<RunView> {
  return post<RunView>(runs, { form: { message, user_id: "mia", stream: "false" } }, expected);
}

/** The run's own user answers the call that waits for them, and the run goes on. */
async function answer(
  { post }: Conversation,
  { run_id, tools }: RunView,
  answer: Record<string, unknown>,
  content: string,
): Promise<void> {
  const [call] = tools;
  await post(
    `${runs}/${run_id}/continue`,
    {
      form: {
        tools: JSON.stringify([{ tool_call_id: call?.tool_call_id, ...answer }]),
        stream: "false",
      },
    },
    { status: "COMPLETED", content: `[demo model] ${content}` },
  );
}
