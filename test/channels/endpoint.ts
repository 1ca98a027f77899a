/** Somebody else's server that webhooks are sent to, as far as the wire goes. */
export const endpoint: {
  received: { url: string; headers: Headers; body: string; redirect: string }[];
  /** How it answers; 200 where a test says nothing. */
  answer: ((url: string) => Response | Promise<Response>) | undefined;
  fetch: typeof fetch;
} = {
  received: [],
  answer: undefined,
  async fetch(input, init) {
    const request = new Request(input, init);
    endpoint.received.push({
      url: request.url,
      headers: request.headers,
      body: await request.text(),
      redirect: request.redirect,
    });
    return (await endpoint.answer?.(request.url)) ?? new Response("ok");
  },
};
