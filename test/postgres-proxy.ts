import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Where a connection is cut that writes: before the server hears of it, or when it has committed and before it is heard. */
export type Cut = "before" | "after" | null;

/** Stands between clients and a PostgreSQL, and asks of each that begins to write, by its name, whether it is cut; `mute` is never answered. */
export async function startProxy(
  port: number,
  cutOf: (applicationName: string) => Cut,
): Promise<{ port: number; stop: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let name = "";
    let cut: Cut | undefined;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => {
      const text = chunk.toString("latin1");
      name = /application_name\0([^\0]*)/.exec(text)?.[1] ?? name;
      if (cut === undefined && text.includes("insert into")) cut = cutOf(name);
      if (cut === "before") client.destroy();
      else if (name !== "mute") upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (cut === "after" && chunk.includes("INSERT 0 ")) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
