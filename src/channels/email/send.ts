import { exactName } from "../../approval/alias.ts";
import type { DeliveryContext, Notice, Receipt, Told } from "../../approval/notice.ts";
import { KernError, messageOf } from "../../errors.ts";
import type { EmailMessage, Transport } from "./message.ts";
import type { Recipient } from "./recipients.ts";

/** What is kept of the mails about one approval. */
interface Kept {
  /** Everybody who was sent one, by their address. */
  sentTo: readonly string[];
  /** Of a notice that not everybody could be told of yet: who has been. */
  reached: { notice: string; addresses: readonly string[] } | null;
}

export function keptIn(receipt: Receipt | null): Kept {
  const { reached = null, sentTo = [] } = (receipt ?? {}) as Partial<Kept>;
  return { reached, sentTo };
}

/** How many mails are on their way at once. */
const atOnce = 5;

/** Sends one mail to each who has not got it yet. Throws where nobody was reached, and another attempt may help. */
export async function sendAll(
  { id }: Notice,
  people: readonly Recipient[],
  write: (person: Recipient) => Promise<EmailMessage>,
  transport: Transport,
  { env, receipt, signal }: DeliveryContext,
): Promise<Told> {
  const kept = keptIn(receipt);
  const reached = new Set(kept.reached?.notice === id ? kept.reached.addresses : []);
  const before = reached.size;
  const refused: string[] = [];
  let failure: unknown;
  const sendTo = async (person: Recipient): Promise<void> => {
    const name = exactName(person.address);
    try {
      const sent = transport(await write(person), { env, signal });
      await Promise.race([sent, aborted(signal)]);
      reached.add(name);
    } catch (error) {
      const code = fieldOf(error, "code");
      if (final.has(String(code))) refused.push(`${person.address} (${String(code)})`);
      else failure ??= error;
    }
  };
  const rest = people.filter(({ address }) => !reached.has(exactName(address)));
  for (let at = 0; at < rest.length && !signal.aborted; at += atOnce)
    await Promise.all(rest.slice(at, at + atOnce).map(sendTo));
  if (signal.aborted) failure ??= new Error("There was no time for all.");
  const sentTo = [...new Set([...kept.sentTo, ...reached])];
  if (failure !== undefined) {
    const after = retryAfterIn(failure);
    if (reached.size === before)
      throw new KernError("unavailable", reasonOf(failure), {
        ...(after !== null && { retryAfterMs: after }),
      });
    return {
      kind: "partly",
      receipt: { sentTo, reached: { notice: id, addresses: [...reached] } },
      reason: `${reached.size} of ${people.length} were reached. ${reasonOf(failure)}`,
      ...(after !== null && { retryAfterMs: after }),
    };
  }
  const problem = `These get no mail: ${refused.join(", ")}.`;
  return { kind: "sent", receipt: { sentTo }, ...(refused.length > 0 && { problem }) };
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = (): void => reject(new Error("The mail was not taken in time."));
    if (signal.aborted) late();
    else signal.addEventListener("abort", late, { once: true });
  });
}

/** What a service says of a recipient for good. */
const final = new Set(["E_RECIPIENT_NOT_ALLOWED", "E_RECIPIENT_SUPPRESSED", "E_VALIDATION_ERROR"]);

function reasonOf(error: unknown): string {
  return messageOf(error).slice(0, 200);
}

function retryAfterIn(error: unknown): number | null {
  const after = fieldOf(error, "retryAfterMs");
  return typeof after === "number" && Number.isFinite(after) ? after : null;
}

function fieldOf(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null
    ? (error as Record<string, unknown>)[name]
    : undefined;
}
