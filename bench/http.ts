import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

interface Sent {
  method: "GET" | "POST";
  text?: string;
  headers?: Record<string, string>;
  /** The one status that is no error. */
  expected: number;
}

/** Asks for JSON. Throws for any answer but 200. */
export async function ask<T>(method: "GET" | "POST", url: string, body?: object): Promise<T> {
  if (body === undefined) return send<T>(url, { method, expected: 200 });
  const headers = { "content-type": "application/json" };
  return send<T>(url, { method, text: JSON.stringify(body), headers, expected: 200 });
}

/** Asks over a connection that is kept; one that had been closed unused is replaced. */
export async function send<T>(url: string, sending: Sent): Promise<T> {
  const { expected, method, text } = sending;
  return new Promise((resolve, reject) => {
    const length = text === undefined ? {} : { "content-length": Buffer.byteLength(text) };
    const headers = { ...sending.headers, ...length };
    const sent = request(url, { method, headers, agent }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        answer += piece;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === expected) resolve(JSON.parse(answer) as T);
        else reject(new Error(`${method} ${url}: ${response.statusCode} ${answer}`));
      });
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const isStale = sent.reusedSocket && error.code === "ECONNRESET";
      if (isStale) resolve(send<T>(url, sending));
      else reject(error);
    });
    sent.end(text);
  });
}
