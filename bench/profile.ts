import { ask } from "./http.ts";

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

/** A CPU profile as the DevTools protocol gives it; times are microseconds. */
interface Profile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** A function by the time that was spent in it, and in it and what it called. */
export interface Hot {
  name: string;
  file: string;
  selfMs: number;
  totalMs: number;
}

/** What a profile was taken of. */
export interface Profiled {
  inspectorPort: number;
  /** The Worker's bundle, not minified. */
  script: string;
}

/** Where the first Worker behind this inspector spends its time while `work` goes on. */
export async function profile(
  { inspectorPort, script }: Profiled,
  work: () => Promise<unknown>,
): Promise<Hot[]> {
  const targets = await ask<{ id: string; webSocketDebuggerUrl: string }[]>(
    "GET",
    `http://127.0.0.1:${inspectorPort}/json`,
  );
  const target = targets.find(({ id }) => id === "core:user:worker-0");
  if (target === undefined) throw new Error("The runtime shows no Worker to profile.");
  const { call, close } = await connect(target.webSocketDebuggerUrl);
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: 200 });
  await call("Profiler.start");
  await work();
  const { profile } = await call<{ profile: Profile }>("Profiler.stop");
  close();
  return hotOf(profile, filesOf(script));
}

async function connect(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    waiting.get(id)?.(result);
  });
  let last = 0;
  const call = async <T>(method: string, params: object = {}): Promise<T> => {
    const id = ++last;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    return (await answer) as T;
  };
  return { call, close: () => socket.close() };
}

/** For each line of a bundle the file that it came from, as the bundler notes it above each. */
function filesOf(script: string): string[] {
  let file = "";
  return script.split("\n").map((line) => {
    file = /^\/\/ (\S+\.\w+)$/.exec(line)?.[1] ?? file;
    return file;
  });
}

function hotOf({ nodes, samples, timeDeltas }: Profile, files: string[]): Hot[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<number, ProfileNode>();
  for (const node of nodes) for (const id of node.children ?? []) parents.set(id, node);
  const hot = new Map<string, Hot>();
  const at = (node: ProfileNode): Hot => {
    const { functionName, lineNumber, url } = node.callFrame;
    const isBundled = url.endsWith("worker.mjs");
    const file = (isBundled ? files[lineNumber] : url) || "the runtime";
    const name = `${functionName || "(anonymous)"} ${file}${isBundled ? `:${lineNumber + 1}` : ""}`;
    const found = hot.get(name) ?? { name, file, selfMs: 0, totalMs: 0 };
    hot.set(name, found);
    return found;
  };
  for (const [index, id] of samples.entries()) {
    const ms = (timeDeltas[index] ?? 0) / 1000;
    const seen = new Set<Hot>();
    for (let node = byId.get(id); node !== undefined; node = parents.get(node.id)) {
      if (seen.size === 0) at(node).selfMs += ms;
      seen.add(at(node));
    }
    for (const one of seen) one.totalMs += ms;
  }
  return [...hot.values()];
}
