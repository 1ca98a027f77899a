import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { KernError, messageOf } from "../errors.ts";

/** The canonical JSON of a value (RFC 8785); throws `invalid_request` for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (error) {
    throw new KernError(
      "invalid_request",
      `The value cannot be written as JSON: ${messageOf(error)}.`,
      { cause: error },
    );
  }
  throw new KernError("invalid_request", "The value cannot be written as JSON.");
}

export interface HashedCall {
  runId: string;
  callId: string;
  toolName: string;
  toolVersion: string;
  args: Record<string, unknown>;
}

/** What binds a decision to a call: SHA-256 (hex) over the run, the call, the tool, its version and the arguments. */
export function callHash({ runId, callId, toolName, toolVersion, args }: HashedCall): string {
  return digest("kern.call.v1", { runId, callId, toolName, toolVersion, args });
}

/** What makes two calls of one run the same question: the tool and the canonical arguments. */
export function questionHash(toolName: string, args: Record<string, unknown>): string {
  return digest("kern.question.v1", { toolName, args });
}

function digest(domain: string, value: unknown): string {
  return createHash("sha256")
    .update(`${domain}\n${canonicalJson(value)}`)
    .digest("hex");
}
