import { z } from "zod";

/** The Worker's variables that kern reads, and nothing else of its env; an empty variable is one that is not set. */
const schema = z.object({
  OS_SECURITY_KEY: text(),
  OS_SECURITY_KEY_PREVIOUS: text(),
  KERN_AUTH: text(),
});

export interface Settings {
  /** The security keys that are valid now: the current one first. */
  securityKeys: string[];
  /** True where the operator has said that nobody needs to sign in. */
  open: boolean;
}

export function readSettings(env: unknown): Settings {
  const found = schema.parse(typeof env === "object" && env !== null ? env : {});
  const { OS_SECURITY_KEY: current, OS_SECURITY_KEY_PREVIOUS: previous } = found;
  return {
    securityKeys:
      current === undefined ? [] : [current, previous].filter((key) => key !== undefined),
    open: found.KERN_AUTH === "none",
  };
}

function text() {
  return z
    .unknown()
    .optional()
    .transform((value) =>
      typeof value === "string" && value.trim() !== "" ? value.trim() : undefined,
    );
}
