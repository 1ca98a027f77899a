import type { SourceType } from "../approval/record.ts";
import type { Model } from "../models/model.ts";
import { isTool, type Tool } from "../tools/tool.ts";

export interface AgentOptions {
  /** Stands in URLs: 1 to 128 of `A-Z a-z 0-9 . _ ~ -`, beginning with a letter or digit. */
  id: string;
  name?: string;
  model: Model;
  tools?: readonly Tool[];
  instructions?: string | readonly string[];
  description?: string;
  /** Stands for the AgentOS's own database; the two must be one and the same. */
  db?: { readonly id: string };
  /** How many times the model is asked in one run before the run ends in error; default 50. */
  maxSteps?: number;
  /**
   * How many earlier runs of the session the model is shown, from 1 to 20: their messages and final answers, of those that
   * this agent had completed when the run was started. `true` is 3; default none.
   */
  addHistoryToContext?: boolean | number;
  /** Messages to begin with, for somebody who does not know it yet: the panel offers them. */
  examples?: readonly string[];
}

/** An agent as configuration: it holds no state of any run. Throws a TypeError that names what is wrong. */
export class Agent {
  /** What its runs, and the approvals of its tools, are said to come from. */
  readonly sourceType: Exclude<SourceType, "workflow"> = "agent";
  /** Whom it may hand tasks to: nobody, unless it is a team. */
  readonly members: ReadonlyMap<string, Agent> = new Map();
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly model: Model;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly instructions: readonly string[];
  readonly db: { readonly id: string } | null;
  readonly maxSteps: number;
  /** How many earlier runs of the session the model is shown. */
  readonly historyRuns: number;
  readonly examples: readonly string[];

  /** `kind` is what an error calls it, and `own` the tools that it has because of its kind. */
  constructor(options: AgentOptions, kind = "Agent", ...own: Tool[]) {
    const {
      id,
      tools = [],
      instructions = [],
      maxSteps = 50,
      addHistoryToContext = false,
    } = options;
    if (typeof id !== "string" || !/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/.test(id)) {
      throw new TypeError(
        `${kind} id '${id}' cannot stand in a URL: give 1 to 128 letters, digits, '.', '_', '~' or '-', beginning with a letter or digit.`,
      );
    }
    if (typeof options.model?.complete !== "function") {
      throw new TypeError(
        `${kind} '${id}': 'model' is missing; give one, such as new OpenAIChat({ id: "gpt-4o-mini" }).`,
      );
    }
    if (!Number.isInteger(maxSteps) || maxSteps < 1) {
      throw new TypeError(`${kind} '${id}': 'maxSteps' must be a whole number from 1.`);
    }
    this.id = id;
    this.name = options.name ?? id;
    this.description = options.description ?? null;
    this.model = options.model;
    this.instructions = typeof instructions === "string" ? [instructions] : [...instructions];
    this.tools = byName(`${kind} '${id}'`, [...tools, ...own]);
    this.db = options.db ?? null;
    this.maxSteps = maxSteps;
    this.historyRuns = historyRuns(`${kind} '${id}'`, addHistoryToContext);
    this.examples = [...(options.examples ?? [])];
  }
}

function historyRuns(owner: string, given: boolean | number): number {
  if (typeof given === "boolean") return given ? 3 : 0;
  if (Number.isInteger(given) && given >= 1 && given <= 20) return given;
  throw new TypeError(
    `${owner}: 'addHistoryToContext' must be true, false or a whole number from 1 to 20.`,
  );
}

function byName(owner: string, tools: readonly Tool[]): ReadonlyMap<string, Tool> {
  const map = new Map<string, Tool>();
  for (const tool of tools) {
    if (!isTool(tool)) throw new TypeError(`${owner}: every tool must be made by tool().`);
    if (map.has(tool.name)) throw new TypeError(`${owner} has two tools named '${tool.name}'.`);
    map.set(tool.name, tool);
  }
  return map;
}
