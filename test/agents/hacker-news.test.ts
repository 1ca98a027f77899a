import { afterEach, expect, test, vi } from "vitest";
import { hackerNews } from "../../src/agents/hacker-news.ts";
import type { ToolContext } from "../../src/tools/context.ts";

const items: Record<string, unknown> = {
  "v0/topstories": [1, 2, 3, 4],
  "v0/item/1": { id: 1, type: "story", title: "One", url: "https://one.example/", kids: [7] },
  "v0/item/2": { id: 2, type: "story", title: "Ask HN: Two?", text: "Two or three?" },
  "v0/item/3": null,
};

afterEach(() => void vi.restoreAllMocks());

function serve(answer: (url: string) => Response): string[] {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const { url } = new Request(input);
    asked.push(url);
    return answer(url);
  });
  return asked;
}

async function top(num_stories: number, env: Record<string, string> = {}): Promise<unknown> {
  const tool = hackerNews.tools.get("get_top_hackernews_stories");
  const ctx = { env, signal: new AbortController().signal } as unknown as ToolContext;
  return tool?.execute({ num_stories }, ctx);
}

test("the stories are told with where they lead to, and none that is gone", async () => {
  const asked = serve((url) => Response.json(items[/v0.*(?=\.json)/.exec(url)?.[0] ?? ""]));
  expect(await top(3, { HACKER_NEWS_URL: "http://127.0.0.1:1" })).toBe(
    "One (https://one.example/)\nAsk HN: Two? (https://news.ycombinator.com/item?id=2)",
  );
  expect(asked.map((url) => url.replace("http://127.0.0.1:1", ""))).toEqual([
    "/v0/topstories.json",
    "/v0/item/1.json",
    "/v0/item/2.json",
    "/v0/item/3.json",
  ]);
});

test("without a variable the public API is asked, and its refusal is the call's failure", async () => {
  const asked = serve(() => new Response("down", { status: 503 }));
  await expect(top(1)).rejects.toThrow("Hacker News answered with status 503.");
  expect(asked).toEqual(["https://hacker-news.firebaseio.com/v0/topstories.json"]);
});

test("where nobody is reached, that is what the call fails with", async () => {
  serve(() => {
    throw new TypeError("internal error; reference = x");
  });
  await expect(top(1)).rejects.toThrow("Hacker News cannot be reached.");
});
