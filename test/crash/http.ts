import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

export interface Exchange {
  body: unknown;
  headers: IncomingHttpHeaders;
  response: ServerResponse;
  /** True once the one who asked has gone, and nobody would hear an answer. */
  isDead: () => boolean;
}

export type Handler = (exchange: Exchange) => Promise<void>;

/** Serves JSON POST requests by their path, on a port of the system's choice. */
export async function serve(
  handlers: Record<string, Handler>,
  onError: (error: unknown) => void,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    answer(handlers, request, response).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });
  // A connection that is kept for later must not end just when it is used.
  server.keepAliveTimeout = 600_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  handlers: Record<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => undefined);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // Killed in the middle of asking: nothing was asked.
    return;
  }
  const handler = handlers[request.url ?? ""];
  if (handler === undefined) {
    response.writeHead(404).end();
    return;
  }
  await handler({
    headers: request.headers,
    body: JSON.parse(Buffer.concat(chunks).toString("utf8")),
    response,
    isDead: () => request.socket.destroyed,
  });
}

/** Answers with JSON, and resolves once the last byte was handed over. */
export function reply(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}
