import { listen } from "./listen.ts";

const stories = [
  { title: "Show HN: A run that waits for a week", url: "https://example.com/waits" },
  { title: "Ask HN: Who approves your agents?" },
  { title: "The alarm that rang once", url: "https://example.com/alarm" },
  { title: "Journals all the way down", url: "https://example.com/journals" },
];

/** Serves a few made-up stories on this machine as Hacker News serves its own; answers its URL. */
export async function startHackerNews(): Promise<string> {
  const items = stories.map((story, i) => ({
    by: "kern",
    descendants: 0,
    id: 1001 + i,
    kids: [],
    score: 100 - i,
    time: 1_764_000_000 + i,
    type: "story",
    ...story,
  }));
  return listen(({ path }) => {
    if (path === "/v0/topstories.json") return { body: items.map(({ id }) => id) };
    const id = /^\/v0\/item\/(\d+)\.json$/.exec(path)?.[1];
    return id === undefined
      ? { status: 404 }
      : { body: items.find((one) => String(one.id) === id) ?? null };
  });
}
