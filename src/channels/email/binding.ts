import { KernError } from "../../errors.ts";
import type { Transport } from "./message.ts";

/** Sends by a `send_email` binding of the Worker's. */
export function bindingTransport(name: string): Transport {
  return async ({ from, headers, html, subject, text, to }, { env }) => {
    const binding = env[name] as Partial<SendEmail> | undefined;
    if (typeof binding?.send !== "function")
      throw new KernError(
        "unavailable",
        `The Worker has no send_email binding '${name}': add send_email = [{ name = "${name}" }] to wrangler.toml, or give email() a transport.`,
      );
    const { messageId } = await (binding as SendEmail).send({
      from,
      to,
      subject,
      text,
      html,
      headers,
    });
    return { id: messageId };
  };
}
