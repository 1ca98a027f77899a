import type { Watchdog } from "./watchdog.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * A fetch whose headers and bytes feed the watchdog, and that ends, body included, when the watchdog aborts, whether or
 * not the fetch beneath listens to its signal. Bytes count, not events: a server that is thinking sends SSE comments.
 *
 * A server that answers a request for a stream with one JSON object is read as a stream of one event.
 */
export function watchedFetch(fetch: Fetch, watchdog: Watchdog): Fetch {
  return (input, init) =>
    watchdog.race(
      (async () => {
        const response = await fetch(input, init);
        watchdog.touch();
        if (response.body === null) return response;
        const watched = new Response(watchedBody(response.body, watchdog), {
          status: response.status,
          statusText: response.statusText,
          headers: response.headers,
        });
        const isJson = response.headers.get("content-type")?.includes("application/json") ?? false;
        return response.ok && isJson ? eventStreamOf(await watched.text()) : watched;
      })(),
    );
}

function watchedBody(
  body: ReadableStream<Uint8Array>,
  watchdog: Watchdog,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await watchdog.race(reader.read());
        watchdog.touch();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        reader.cancel(error).catch(() => undefined); // the body may have failed itself
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function eventStreamOf(text: string): Response {
  // Some servers label a true event stream as JSON; only an object is wrapped, and JSON's line breaks mean nothing.
  const events = text.trimStart().startsWith("{")
    ? `data: ${text.replaceAll(/[\r\n]/g, " ")}\n\n`
    : text;
  return new Response(events, { headers: { "content-type": "text/event-stream" } });
}
