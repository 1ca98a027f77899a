import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { ModelMessage, ModelTool } from "../../src/models/model.ts";
import { OpenAIChat } from "../../src/models/openai.ts";

function tool(name: string, description: string, shape: z.ZodRawShape): ModelTool {
  return {
    name,
    description,
    parameters: z.toJSONSchema(z.strictObject(shape)) as Record<string, unknown>,
  };
}

const remove = tool(
  "delete_user_data",
  "Permanently delete all data for a user. Requires admin approval.",
  {
    user_id: z.string(),
  },
);
const refund = tool("refund_payment", "Refund a payment to a customer.", {
  order_id: z.string(),
  amount: z.number(),
  reason: z.string().optional(),
});
const email = tool("send_email", "Send an email.", {
  to: z.email(),
  subject: z.string(),
  body: z.string(),
});
const transfer = tool("transferFunds", "Move money between accounts.", {
  amount: z.int(),
  fromAccount: z.string(),
  toAccount: z.string(),
});
const deploy = tool("deploy", "Deploy a service.", {
  service: z.string(),
  environment: z.enum(["staging", "production"]),
  dryRun: z.boolean(),
  replicas: z.int().default(1),
});
const weather = tool("get_weather", "Current weather of a city.", { city: z.string() });
const search = tool("search_docs", "Search the documentation.", {
  query: z.string(),
  limit: z.int().nullable().optional(),
});
const tag = tool("tag_users", "Put tags on users.", {
  ids: z.array(z.string()),
  tags: z.array(z.enum(["vip", "blocked"])),
});
const notify = tool("notify", "Notify people.", {
  message: z.object({ text: z.string(), urgent: z.boolean().optional() }),
  on: z.iso.date(),
});
const all = [remove, refund, email, transfer, deploy, weather, search, tag, notify];

/** Asks through OpenAIChat, as an agent would: no key, no base URL, a loopback address, and a network that refuses. */
async function ask(messages: string | ModelMessage[], tools = all) {
  const fetch = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("the network was used"));
  const pieces: string[] = [];
  try {
    const reply = await new OpenAIChat({ id: "gpt-4o-mini" }).complete({
      messages: typeof messages === "string" ? [{ role: "user", content: messages }] : messages,
      tools,
      env: {},
      local: true,
      signal: new AbortController().signal,
      onText: (text) => pieces.push(text),
    });
    expect(fetch).not.toHaveBeenCalled();
    expect(pieces.join("")).toBe(reply.content);
    return reply;
  } finally {
    fetch.mockRestore();
  }
}

async function callsFor(message: string, tools = all): Promise<[string, unknown][]> {
  const { content, toolCalls } = await ask(message, tools);
  return toolCalls.length > 0
    ? toolCalls.map((call) => [call.name, JSON.parse(call.arguments)])
    : [[content, null]];
}

describe("which tool, and with what", () => {
  test.each<[string, string, unknown]>([
    ["Delete all data for user 42", "delete_user_data", { user_id: "42" }],
    ["Please have the data of user ann deleted.", "delete_user_data", { user_id: "ann" }],
    ["Deletion of everything about u-1, it is urgent", "delete_user_data", { user_id: "u-1" }],
    ["Remove user ann@example.com", "delete_user_data", { user_id: "ann@example.com" }],
    ['call delete_user_data with user_id="a b"', "delete_user_data", { user_id: "a b" }],
    ["delete the data for Ann", "delete_user_data", { user_id: "Ann" }],
    ["refund $1,000.50 for order A100", "refund_payment", { order_id: "A100", amount: 1000.5 }],
    [
      "refund order 7 with 12 because 'it broke and burned'",
      "refund_payment",
      { order_id: "7", amount: 12, reason: "it broke and burned" },
    ],
    [
      "send an email to bob@example.com saying 'All gone' with the subject \"Done\"",
      "send_email",
      { to: "bob@example.com", subject: "Done", body: "All gone" },
    ],
    [
      "transfer 500 from acc-1 to acc-2",
      "transferFunds",
      { amount: 500, fromAccount: "acc-1", toAccount: "acc-2" },
    ],
    [
      "deploy service api to production without a dry run",
      "deploy",
      { service: "api", environment: "production", dryRun: false },
    ],
    [
      "deploy service: api, environment: staging, dry run",
      "deploy",
      { service: "api", environment: "staging", dryRun: true },
    ],
    ["what is the weather in New York?", "get_weather", { city: "New York" }],
    ["search the docs for approvals", "search_docs", { query: "search the docs for approvals" }],
    ["search docs: query=approvals limit=5", "search_docs", { query: "approvals", limit: 5 }],
    [
      "tag users u-1, u-2 and u-3 as vip",
      "tag_users",
      { ids: ["u-1", "u-2", "u-3"], tags: ["vip"] },
    ],
    [
      "tag users with ids: ann, bob; blocked, vip",
      "tag_users",
      { ids: ["ann", "bob"], tags: ["vip", "blocked"] },
    ],
    [
      "notify everyone 'we are back' on 2026-11-01, urgent",
      "notify",
      { message: { text: "we are back", urgent: true }, on: "2026-11-01" },
    ],
  ])("%s", async (message, name, values) => {
    expect(await callsFor(message)).toEqual([[name, values]]);
  });

  test("several ids are several calls, each once", async () => {
    const calls = await callsFor("Delete users u-1, u-2 and user 3, and user u-1");
    expect(calls).toEqual(["u-1", "u-2", "3"].map((id) => ["delete_user_data", { user_id: id }]));
  });

  test("a number that belongs to no list is no further id", async () => {
    expect(await callsFor("Delete user 42 within 30 days")).toEqual([
      ["delete_user_data", { user_id: "42" }],
    ]);
  });

  test("several requests are several calls, and one that lacks an argument finds it in the others", async () => {
    expect(
      await callsFor(
        "Refund order o-1 amount 10 and also refund order o-2 amount 20; then delete the user's data, id u-9",
      ),
    ).toEqual([
      ["refund_payment", { order_id: "o-1", amount: 10 }],
      ["refund_payment", { order_id: "o-2", amount: 20 }],
      ["delete_user_data", { user_id: "u-9" }],
    ]);
    expect(await callsFor("What's the weather in Rome for u-9? And delete their data")).toEqual([
      ["get_weather", { city: "Rome" }],
      ["delete_user_data", { user_id: "u-9" }],
    ]);
  });

  test("a joining word inside quotes joins nothing", async () => {
    const message = "email to a@b.co subject 'Delete user 1 and user 2' body 'x'";
    expect(await callsFor(message, [email, remove])).toEqual([
      ["send_email", { to: "a@b.co", subject: "Delete user 1 and user 2", body: "x" }],
    ]);
  });
});

describe("leading a team", () => {
  const members = [
    "- data-manager (Data Manager): Looks after what is stored. Tools: delete_user_data, count_user_records",
    "- hacker-news (Hacker News): Knows what people read. Tools: get_top_hackernews_stories",
    "- writers (The Writers): A team of its own. Tools: delegate_task_to_member",
  ];
  const leading = tool(
    "delegate_task_to_member",
    `Delegate a task to a member of the team. Members:\n${members.join("\n")}\nEach sees its task alone.`,
    { member_id: z.enum(["data-manager", "hacker-news", "writers"]), task: z.string() },
  );
  const publish = tool("publish_report", "Publish a report on stories.", { title: z.string() });
  const to = (member_id: string, task: string) => ["delegate_task_to_member", { member_id, task }];

  test.each([[[leading, publish]], [[publish, leading]]])(
    "each part of a message goes to the member whose line fits best, or to an own tool that fits better",
    async (tools) => {
      const message =
        "Get the top 3 stories, then delete user u-1 and user u-2; publish a report 'On users' and count the records of user 3.";
      expect(await callsFor(message, tools)).toEqual([
        to("hacker-news", "Get the top 3 stories"),
        to("data-manager", "delete user u-1 and user u-2"),
        ["publish_report", { title: "On users" }],
        to("data-manager", "count the records of user 3."),
      ]);
    },
  );

  test.each([
    ["Hello there! Could the writers say something nice?", "writers"],
    ["What do people read?", "hacker-news"],
  ])("a member is found by its name and by its description: %s", async (message, member) => {
    expect(await callsFor(message, [leading])).toEqual([to(member, message)]);
  });

  test("among equals a member comes before a tool", async () => {
    const count = tool("count", "Adds up.", { user_id: z.string() });
    const message = "Count u-1";
    expect(await callsFor(message, [count, leading])).toEqual([to("data-manager", message)]);
  });

  test("nothing is delegated to whom the tool does not take, and nothing that fits nobody", async () => {
    const narrow = tool(leading.name, leading.description, {
      member_id: z.enum(["hacker-news"]),
      task: z.string(),
    });
    for (const message of ["Delete user u-1", "a task for a member"])
      expect((await ask(message, [narrow])).content).toContain("None of my tools fits");
  });

  test("it tells what each member answered, and an own tool returned", async () => {
    const calls: [string, unknown, string][] = [
      ["delegate_task_to_member", { member_id: "writers", task: "x" }, "[demo model] It is nice."],
      ["publish_report", { title: "x" }, "Function call was rejected by the user: not now"],
    ];
    const reply = await ask(
      [
        { role: "user", content: "…" },
        {
          role: "assistant",
          content: "",
          toolCalls: calls.map(([name, args], i) => ({
            id: `${i}`,
            name,
            arguments: JSON.stringify(args),
          })),
        },
        ...calls.map(([, , content], i) => ({
          role: "tool" as const,
          toolCallId: `${i}`,
          content,
        })),
      ],
      [leading, publish],
    );
    expect(reply.content).toBe(
      "[demo model] writers answered: It is nice.\n" +
        "publish_report was not run. Function call was rejected by the user: not now",
    );
  });
});

describe("what it says", () => {
  test("it asks for a required argument that is not there", async () => {
    const reply = await ask("Delete the user's data, please");
    expect(reply.toolCalls).toEqual([]);
    expect(reply.content).toBe(
      "[demo model] delete_user_data needs user_id. Please ask again in one message, with user_id=….",
    );
  });

  test("it does not take what stands inside a longer quote", async () => {
    expect((await ask("delete the user after 'user u-1 is back'", [remove])).content).toContain(
      "needs user_id",
    );
  });

  test("it names its tools where none fits, and where there are none", async () => {
    expect((await ask("hello", [remove, weather])).content).toMatch(
      /^\[demo model\] [^]*delete_user_data[^]*get_weather/,
    );
    expect((await ask("delete user 42", [])).content).toMatch(/^\[demo model\] .*no tools/);
  });

  const asked: ModelMessage[] = [
    { role: "user", content: "delete user 1 and user 2" },
    {
      role: "assistant",
      content: "",
      toolCalls: [
        { id: "a", name: "delete_user_data", arguments: '{"user_id":"1"}' },
        { id: "b", name: "delete_user_data", arguments: '{"user_id":"2"}' },
      ],
    },
    { role: "tool", toolCallId: "a", content: "All data for user 1 has been deleted." },
    {
      role: "tool",
      toolCallId: "b",
      content: "Function call was rejected by the user: not in the audit week",
    },
  ];

  test("after the tools have answered it says what each returned, a rejection with its note", async () => {
    const reply = await ask(asked);
    expect(reply.toolCalls).toEqual([]);
    expect(reply.content).toBe(
      "[demo model] delete_user_data returned: All data for user 1 has been deleted.\n" +
        "delete_user_data was not run. Function call was rejected by the user: not in the audit week",
    );
  });

  test("a new user message begins a new round, with ids of its own", async () => {
    const reply = await ask([
      ...asked,
      { role: "assistant", content: "ok", toolCalls: [] },
      { role: "user", content: "delete user 3" },
    ]);
    expect(reply.toolCalls).toEqual([
      { id: "call_demo_3", name: "delete_user_data", arguments: '{"user_id":"3"}' },
    ]);
  });
});
