import { DurableObject } from "cloudflare:workers";

/** Something that changed, and to which version; what it is now is for the reader to ask. */
export interface Change {
  id: string;
  version: number;
}

/** Where runs publish to: one object for all of them as long as that keeps up; the name leaves room for more. */
export const feedName = "feed:0";

/** What a socket is for: everything, or, of who sees only their own, what this principal has asked for. */
interface Listener {
  own: string | null;
}

/** Tells open panels that something changed. It stores nothing: its sockets sleep with it, and a lost message is refetched. */
export class FeedObject extends DurableObject<unknown> {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    // Answered without waking anybody: what asks is a panel that wants to know whether it is still connected.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  /** `requestedBy`: the principal that started the run which these are of. */
  async publish(changes: Change[], requestedBy: string | null = null): Promise<void> {
    const text = JSON.stringify(changes);
    for (const socket of this.ctx.getWebSockets()) {
      const { own } = socket.deserializeAttachment() as Listener;
      if (own !== null && own !== requestedBy) continue;
      try {
        socket.send(text);
      } catch {
        // It has closed in the meantime.
      }
    }
  }

  /** Opens a socket; `?own=` names the principal whose alone it is told of. Only the Worker asks this. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket")
      return new Response("Expected a WebSocket", { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ own: new URL(request.url).searchParams.get("own") });
    return new Response(null, { status: 101, webSocket: client });
  }
}
