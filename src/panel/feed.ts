import { DurableObject } from "cloudflare:workers";

/** Something that changed, and to which version; what it is now is for the reader to ask. */
export interface Change {
  id: string;
  version: number;
}

/** Where runs publish to: one object for all of them as long as that keeps up; the name leaves room for more. */
export const feedName = "feed:0";

/** Tells open panels that something changed. It stores nothing: its sockets sleep with it, and a lost message is refetched. */
export class FeedObject extends DurableObject<unknown> {
  async publish(changes: Change[]): Promise<void> {
    const text = JSON.stringify(changes);
    for (const socket of this.ctx.getWebSockets()) {
      try {
        socket.send(text);
      } catch {
        // It has closed in the meantime.
      }
    }
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket")
      return new Response("Expected a WebSocket", { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
}
