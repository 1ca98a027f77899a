import { createServer, type IncomingHttpHeaders } from "node:http";
import { undoAtEnd } from "../../scripts/run.ts";

export interface Asked {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  /** Sent as JSON where it is no text. */
  body?: unknown;
  contentType?: string;
}

/** Serves on this machine until the script ends; answers its URL. */
export async function listen(answer: (asked: Asked) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { headers, method = "GET", url: path = "/" } = request;
      const said = answer({ method, path, headers, body });
      const isText = typeof said.body === "string";
      const type = said.contentType ?? (isText ? "text/plain" : "application/json; charset=utf-8");
      response.writeHead(said.status ?? 200, { "content-type": type });
      response.end(isText ? said.body : JSON.stringify(said.body ?? null));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undoAtEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
