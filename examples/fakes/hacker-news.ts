import { createServer } from "node:http";
import { undoAtEnd } from "../../scripts/run.ts";

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
  const server = createServer(({ url = "" }, response) => {
    const id = /^\/v0\/item\/(\d+)\.json$/.exec(url)?.[1];
    const isList = url === "/v0/topstories.json";
    response.writeHead(isList || id !== undefined ? 200 : 404, {
      "content-type": "application/json; charset=utf-8",
    });
    const item = items.find((one) => String(one.id) === id) ?? null;
    response.end(JSON.stringify(isList ? items.map(({ id }) => id) : item));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undoAtEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
