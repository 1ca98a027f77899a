import { listen } from "./listen.ts";

/** A shop that keeps data of users, and what it was asked. */
export class FakeShop {
  readonly asked: string[] = [];

  /** Serves its API; answers the URL. */
  async start(): Promise<string> {
    return listen(({ method, path }) => {
      this.asked.push(`${method} ${path}`);
      return { status: method === "DELETE" ? 200 : 404, body: {} };
    });
  }
}
