import { KernError } from "../../errors.ts";
import type { Transport } from "./message.ts";

/** Sends by a `send_email` binding of the Worker's. */
export function bindingTransport(name: string): Transport {
  return async ({ from, headers, html, subject, text, to }, { env }) => {
    const binding = env[name] as Partial<SendEmail> | undefined;
    if (typeof binding?.send !== "function")
      throw new KernError(
        "unavailable",
        `The binding ${name} is not set: add send_email = [{ name = "${name}" }] to wrangler.toml, or give email() a transport.`,
      );
    try {
      const message = { from, to, subject, text, html, headers };
      const { messageId } = await (binding as SendEmail).send(message);
      return { id: messageId };
    } catch (error) {
      // What it says of it may hold parts of the mail; its code does not.
      const { code } = error as { code?: unknown };
      const known = typeof code === "string" && /^E_[A-Z_]{1,60}$/.test(code) ? code : "no code";
      throw Object.assign(new Error(`The mail was not taken (${known}).`), { code: known });
    }
  };
}
