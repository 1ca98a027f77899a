/** A tool as the model is told of it; `parameters` is a JSON Schema object. */
export interface ModelTool {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

/** A call as the model asked for it: `arguments` is the JSON text it wrote, unchecked; `id` is null where it gave none. */
export interface ModelToolCall {
  id: string | null;
  name: string;
  arguments: string;
}

export type ModelMessage =
  | { role: "system" | "user"; content: string }
  | {
      role: "assistant";
      content: string;
      toolCalls: { id: string; name: string; arguments: string }[];
    }
  | { role: "tool"; toolCallId: string; content: string };

export interface ModelRequest {
  messages: ModelMessage[];
  tools: ModelTool[];
  /** The Worker's bindings and variables. */
  env: unknown;
  /** True where the run was started on a loopback address: only then may the offline demo model stand in. */
  local: boolean;
  /** Aborted when the run is cancelled or the step ran out of time. */
  signal: AbortSignal;
  /** Called with every piece of text as it arrives. */
  onText: (text: string) => void;
}

export interface ModelReply {
  content: string;
  toolCalls: ModelToolCall[];
  usage: { inputTokens: number; outputTokens: number } | null;
}

/**
 * A language model. `complete` asks it once and never repeats by itself: repeating is the run's business, because it must
 * survive a restart. It throws a KernError: `model_unavailable` where another try may help (with `retryAfterMs` where the
 * server named a wait), `model_refused` where it will not.
 */
export interface Model {
  readonly id: string;
  readonly provider: string;
  complete(request: ModelRequest): Promise<ModelReply>;
}
