import { KernError, messageOf } from "../errors.ts";
import type { Refusal, RunDoor } from "../run/messages.ts";

/** How long one question to a run's object is held open. */
export const holdMs = 60_000;
const maxTries = 4;
export const unreachable = "The run cannot be reached right now. Try again.";

/**
 * Asks a run's object. Everything behind its door is safe to repeat, so an object that was reset, or a connection that
 * was lost, is asked again by a fresh stub; throws `unavailable` where that does not help.
 */
export async function askRun<T>(
  env: Record<string, unknown>,
  runId: string,
  ask: (run: RunDoor) => Promise<T>,
): Promise<T> {
  const runs = env["RUNS"] as { getByName?: (name: string) => RunDoor } | undefined;
  if (typeof runs?.getByName !== "function") {
    throw new KernError(
      "unavailable",
      "The binding RUNS is missing: bind the Durable Object class Run as RUNS in wrangler.toml.",
    );
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(runs.getByName(runId));
    } catch (error) {
      if (isKernUnavailable(error)) throw new KernError("unavailable", messageOf(error));
      if (!isTransient(error) || attempt >= maxTries) {
        throw new KernError("unavailable", unreachable, {
          cause: error,
          retryAfterMs: 1000,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
  }
}

/** The answer's content; throws what callers are told where the run refused. */
export function unwrap<R extends { ok: true } | Refusal>(
  reply: R,
  what: "Approval" | "Run",
): Extract<R, { ok: true }> {
  if (reply.ok) return reply as Extract<R, { ok: true }>;
  throw refusalError(reply as Refusal, what);
}

function refusalError(refusal: Refusal, what: "Approval" | "Run"): KernError {
  switch (refusal.reason) {
    case "not_found":
      return new KernError("not_found", `${what} not found`);
    case "taken":
      return new KernError(
        "conflict",
        `Approval is already '${refusal.status}' and cannot be resolved`,
      );
    case "invalid":
      return new KernError("invalid_request", refusal.message, { fields: refusal.fields });
    case "conflict":
      return new KernError("conflict", refusal.message);
    case "forbidden":
    case "pending":
      return new KernError("forbidden", refusal.message);
    case "unavailable":
      return new KernError("unavailable", refusal.message, { retryAfterMs: 1000 });
  }
}

function isTransient(error: unknown): boolean {
  const marks = error as {
    retryable?: boolean;
    overloaded?: boolean;
    durableObjectReset?: boolean;
  };
  if (marks.overloaded === true) return false;
  return (
    marks.retryable === true ||
    marks.durableObjectReset === true ||
    /network connection lost|internal error/i.test(messageOf(error))
  );
}

/** A class does not survive the way between objects; what its instances hold does. */
function isKernUnavailable(error: unknown): boolean {
  return (error as { code?: unknown }).code === "unavailable";
}
