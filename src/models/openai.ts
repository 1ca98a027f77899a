import { OpenAI } from "openai";
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionFunctionTool,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import { z } from "zod";
import { KernError } from "../errors.ts";
import { assembleReply } from "./assemble-reply.ts";
import { demoFetch } from "./demo.ts";
import { modelError } from "./model-error.ts";
import type { Model, ModelMessage, ModelReply, ModelRequest, ModelTool } from "./model.ts";
import { startWatchdog, type Watchdog } from "./watchdog.ts";
import { watchedFetch, type Fetch } from "./watched-fetch.ts";

export interface OpenAIChatOptions {
  /** The model's name at the server, for example "gpt-4o-mini". */
  id: string;
  /** Default: `OPENAI_API_KEY` of the Worker's env. */
  apiKey?: string;
  /** Any OpenAI-compatible server, up to and including its `/v1`. Default: `OPENAI_BASE_URL` of the env, then OpenAI. */
  baseURL?: string;
  /** The longest a whole call may take, in milliseconds. Default 300,000. */
  timeoutMs?: number;
  /** The longest the server may send nothing, in milliseconds. Default 60,000. */
  idleTimeoutMs?: number;
  temperature?: number;
  /** The most tokens a reply may have. */
  maxTokens?: number;
  /** Stands in for the global fetch. */
  fetch?: Fetch;
}

/**
 * A model behind OpenAI's chat completions, or behind any server that speaks them. Where neither a key nor a base URL is
 * set, a run that was started on a loopback address is answered by the offline demo model; any other is refused.
 */
export class OpenAIChat implements Model {
  readonly id: string;
  readonly provider = "OpenAI";
  readonly #options: OpenAIChatOptions;

  constructor(options: OpenAIChatOptions) {
    this.id = options.id;
    this.#options = options;
  }

  async complete(request: ModelRequest): Promise<ModelReply> {
    const server = serverOf(this.#options, request);
    const { timeoutMs = 300_000, idleTimeoutMs = 60_000 } = this.#options;
    const watchdog = startWatchdog(request.signal, { timeoutMs, idleTimeoutMs });
    try {
      const reply = assembleReply(request.onText);
      const body = bodyOf(this.#options, server, request);
      for await (const chunk of chunksOf(server, body, timeoutMs, watchdog)) reply.add(chunk);
      return reply.end();
    } finally {
      watchdog.stop();
    }
  }
}

interface Server {
  apiKey: string | undefined;
  baseURL: string;
  isOpenAI: boolean;
  fetch: Fetch;
}

const setting = z.string().trim().optional();
const envShape = z.object({ OPENAI_API_KEY: setting, OPENAI_BASE_URL: setting });

function serverOf(options: OpenAIChatOptions, { env, local }: ModelRequest): Server {
  const parsed = envShape.safeParse(env ?? {});
  if (!parsed.success)
    throw new KernError("model_refused", "OPENAI_API_KEY and OPENAI_BASE_URL must be text.");
  const apiKey = options.apiKey || parsed.data.OPENAI_API_KEY || undefined;
  const baseURL = options.baseURL || parsed.data.OPENAI_BASE_URL || undefined;

  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new KernError(
      "model_refused",
      "OPENAI_API_KEY holds characters that a header cannot carry.",
    );
  }
  if (baseURL !== undefined && !URL.canParse(baseURL)) {
    throw new KernError("model_refused", "OPENAI_BASE_URL is not a URL.");
  }
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  if (baseURL !== undefined) return { apiKey, baseURL, isOpenAI: false, fetch };
  if (apiKey !== undefined)
    return { apiKey, baseURL: "https://api.openai.com/v1", isOpenAI: true, fetch };
  if (local)
    return { apiKey, baseURL: "https://demo.invalid/v1", isOpenAI: true, fetch: demoFetch };
  throw new KernError(
    "model_refused",
    "No model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for another OpenAI-compatible server.",
  );
}

/** The chunks as the server sent them, unchecked. Only what the server did is turned into an error here. */
async function* chunksOf(
  server: Server,
  body: ChatCompletionCreateParamsStreaming,
  timeoutMs: number,
  watchdog: Watchdog,
): AsyncGenerator<unknown> {
  try {
    const client = new OpenAI({
      apiKey: server.apiKey ?? "no-key",
      baseURL: server.baseURL,
      fetch: watchedFetch(server.fetch, watchdog),
      maxRetries: 0,
      timeout: timeoutMs,
      logLevel: "off",
      // Left out, the client would look for these in process.env.
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
    });
    yield* await client.chat.completions.create(body, { signal: watchdog.signal });
  } catch (thrown) {
    throw watchdog.signal.aborted ? watchdog.signal.reason : modelError(thrown, server.apiKey);
  }
  watchdog.signal.throwIfAborted(); // an aborted stream ends as if it were complete
}

function bodyOf(
  options: OpenAIChatOptions,
  server: Server,
  request: ModelRequest,
): ChatCompletionCreateParamsStreaming {
  const { temperature, maxTokens } = options;
  return {
    model: options.id,
    messages: request.messages.map(messageToWire),
    stream: true,
    stream_options: { include_usage: true },
    // An empty list is an error to OpenAI.
    ...(request.tools.length > 0 && { tools: request.tools.map(toolToWire) }),
    ...(temperature !== undefined && { temperature }),
    // OpenAI's newer models refuse the old name, and other servers know only that one.
    ...(maxTokens !== undefined &&
      (server.isOpenAI ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens })),
  };
}

function toolToWire({ name, description, parameters }: ModelTool): ChatCompletionFunctionTool {
  return { type: "function", function: { name, description, parameters } };
}

function messageToWire(message: ModelMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case "tool":
      return { role: "tool", tool_call_id: message.toolCallId, content: message.content };
    case "assistant": {
      if (message.toolCalls.length === 0) return { role: "assistant", content: message.content };
      const calls = message.toolCalls.map(({ id, name, arguments: text }) => ({
        id,
        type: "function" as const,
        function: { name, arguments: text },
      }));
      return { role: "assistant", content: message.content || null, tool_calls: calls };
    }
    default:
      return { role: message.role, content: message.content };
  }
}
