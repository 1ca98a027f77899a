import { KernError, messageOf } from "../errors.ts";
import { isKey, typeIn } from "./event.ts";
import { genuine, keyOf, refused } from "./genuine.ts";
import { variableNamed } from "./secrets.ts";
import type { Delivery, Verifier } from "./verifier.ts";

/** What a scheme of a project's own knows of a delivery that it has proved. */
export interface Proof {
  /** What it is known again by, for ever: 1 to 255 characters that are signed too; without it, the body within 72 h. */
  key?: string | undefined;
  /** What happened there, such as `issues.labeled`: letters, digits and `_ . : / -`, 128 at most. */
  type?: string | undefined;
}

type Check = (
  delivery: Delivery,
  context: { env: Record<string, unknown>; nowMs: number },
) => Proof | null | Promise<Proof | null>;

export interface CustomOptions {
  /** What the panel calls it. */
  scheme: string;
  /** The Worker's variables that it reads: where one of them is not set, nothing is taken, and it is not asked. */
  variables?: readonly string[];
  /** What proves who has sent this; null refuses it, and so does a throw that is no `KernError`. Compare in constant time. */
  verify: Check;
}

/** A scheme of a project's own, by a function. Throws a TypeError that names what does not fit. */
export function custom({ scheme, variables = [], verify }: CustomOptions): Verifier {
  if (typeof scheme !== "string" || scheme.trim() === "")
    throw new TypeError("custom(): 'scheme' is missing: what the panel calls it.");
  if (typeof verify !== "function")
    throw new TypeError("custom(): 'verify' is missing: a function of the delivery.");
  const names = variables.map(variableNamed);
  return {
    scheme,
    variables: names,
    async verify(delivery, context) {
      for (const name of names) checkSet(context.env, name);
      const proof = await proofOf(verify, delivery, context);
      if (typeof proof === "string") return refused(proof);
      const { key, type } = proof;
      if (key !== undefined && !isKey(key))
        return refused("The key that 'verify' gave is no text of 1 to 255 characters.");
      return genuine(delivery, () => ({ key: keyOf(key), type: typeIn(type) }));
    },
  };
}

/** The proof, or why there is none. */
async function proofOf(verify: Check, ...given: Parameters<Check>): Promise<Proof | string> {
  try {
    const proof: unknown = await verify(...given);
    return typeof proof === "object" && proof !== null ? proof : "'verify' has refused it.";
  } catch (error) {
    if (error instanceof KernError) throw error;
    return `'verify' has thrown: ${messageOf(error)}`;
  }
}

function checkSet(env: Record<string, unknown>, name: string): void {
  const value = env[name];
  // What is no text is a binding.
  if (typeof value === "string" ? value.trim() !== "" : value !== undefined && value !== null)
    return;
  throw new KernError(
    "unavailable",
    `The variable ${name} is not set, so nothing is taken: npx wrangler secret put ${name}`,
  );
}
