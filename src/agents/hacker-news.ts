import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { OpenAIChat } from "kern/models/openai";
import { tool } from "kern/tools";
import { z } from "zod";

const ids = z.array(z.int());
const item = z.object({ id: z.int(), title: z.string(), url: z.string().optional() });

/** Somebody approves each look outside. HACKER_NEWS_URL leads to another server that speaks the same API. */
const getTopStories = approval(
  tool({
    name: "get_top_hackernews_stories",
    description: "Get the top stories of Hacker News.",
    parameters: z.object({
      num_stories: z.int().min(1).max(30).describe("How many stories, from the top."),
    }),
    idempotent: true,
    timeoutMs: 15_000,
    execute: async ({ num_stories }, { env, signal }) => {
      const { HACKER_NEWS_URL = "https://hacker-news.firebaseio.com" } = env as Settings;
      const read = async (path: string) => readJson(`${HACKER_NEWS_URL}/v0/${path}.json`, signal);
      const top = ids.parse(await read("topstories")).slice(0, num_stories);
      const items = await Promise.all(
        top.map(async (id) => item.nullable().parse(await read(`item/${id}`))),
      );
      return items.flatMap((item) => (item === null ? [] : [lineOf(item)])).join("\n");
    },
  }),
);

export const hackerNews = new Agent({
  id: "hacker-news",
  name: "Hacker News",
  model: new OpenAIChat({ id: "gpt-4o-mini" }),
  tools: [getTopStories],
  instructions: ["You tell people what is on Hacker News."],
  examples: ["What are the top 2 stories on Hacker News?"],
});

interface Settings {
  HACKER_NEWS_URL?: string;
}

async function readJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw new Error("Hacker News cannot be reached.", { cause });
  });
  if (!response.ok) throw new Error(`Hacker News answered with status ${response.status}.`);
  return response.json();
}

function lineOf({ id, title, url }: z.output<typeof item>): string {
  return `${title} (${url ?? `https://news.ycombinator.com/item?id=${id}`})`;
}
