import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Starts the model in a process of its own, so that it does not compete with who asks; answers where it is. */
export async function startModel(): Promise<string> {
  const child = fork(join(import.meta.dirname, "model-server.ts"));
  child.unref();
  const [port] = (await once(child, "message")) as [number];
  child.channel?.unref();
  return `http://127.0.0.1:${port}`;
}
