import { fillArguments } from "./fill-arguments.ts";
import { type DemoTool, outcomeOf, type Taker, takersAmong } from "./members.ts";
import { scan, type Scan } from "./scan.ts";
import { isOneText } from "./schema.ts";
import { meaningfulStems, partsOf, sameStem, stemsOf, withoutQuotes } from "./words.ts";

interface DemoMessage {
  role: string;
  content: string;
  tool_call_id?: string | undefined;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[] | null | undefined;
}

/** Either calls, or a text. */
export interface DemoAnswer {
  content: string;
  calls: { id: string; name: string; arguments: string }[];
}

/** What the demo model answers to a conversation. */
export function demoAnswer(messages: DemoMessage[], tools: DemoTool[]): DemoAnswer {
  const asked = messages.findLastIndex((message) => message.role === "user");
  const since = messages.slice(asked + 1);
  if (since.some((message) => message.role === "tool")) return text(summaryOf(since));

  const requests = requestsIn(messages[asked]?.content ?? "", tools);
  const calls = distinct(requests.filter((request) => request.missing.length === 0));
  if (calls.length > 0) {
    const before = messages.reduce(
      (count, message) => count + (message.tool_calls?.length ?? 0),
      0,
    );
    return {
      content: "",
      calls: calls.map((call, i) => ({
        id: `call_demo_${before + i + 1}`,
        name: call.tool.name,
        arguments: JSON.stringify(call.values),
      })),
    };
  }
  return text(requests.length > 0 ? requests.map(questionFor).join("\n") : introduction(tools));
}

interface Request {
  tool: DemoTool;
  values: Record<string, unknown>;
  missing: string[];
}

/** A stretch of the message; `isMatch` where its own words chose who takes it. */
interface Part {
  start: number;
  end: number;
  isMatch: boolean;
}

function requestsIn(message: string, tools: DemoTool[]): Request[] {
  const takers = takersAmong(tools);
  const sections: { taker: Taker; parts: Part[] }[] = [];
  for (const { start, end } of partsOf(message)) {
    const taker = bestTaker(message.slice(start, end), takers);
    const section = sections.at(-1);
    const part = { start, end, isMatch: taker !== undefined };
    if (section !== undefined && (taker === undefined || taker === section.taker))
      section.parts.push(part);
    else if (taker !== undefined)
      sections.push({ taker, parts: [{ ...part, start: section ? start : 0 }] });
  }
  return sections.flatMap(({ taker, parts }) =>
    taker.memberId === undefined
      ? requestsOf(taker.tool, parts, message)
      : [delegate(taker.tool, taker.memberId, message.slice(parts[0]?.start, parts.at(-1)?.end))],
  );
}

function delegate(tool: DemoTool, member_id: string, part: string): Request {
  const task = part.replaceAll(/^[\s,]+|[\s,]+$/g, "");
  return { tool, values: { member_id, task }, missing: [] };
}

function requestsOf(tool: DemoTool, parts: Part[], message: string): Request[] {
  const reserved = stemsOf(
    [tool.name, tool.description, ...Object.keys(tool.parameters.properties ?? {})].join(" "),
  );
  const fill = (from: Scan, again = false) => ({
    tool,
    ...fillArguments(tool.parameters, reserved, from, again),
  });
  const isComplete = (request: Request) => request.missing.length === 0;
  const needsOneText = isOneText(tool.parameters);

  const stretches: { start: number; end: number }[] = [];
  for (const { start, end, isMatch } of parts) {
    const last = stretches.at(-1);
    const isOwn = !needsOneText && isMatch && isComplete(fill(scan(message.slice(start, end))));
    if (last === undefined || !isOwn) stretches.splice(-1, 1, { start: last?.start ?? start, end });
    else stretches.push({ start, end });
  }

  return stretches.flatMap(({ start, end }) => {
    const from = scan(message.slice(start, end));
    const first = fill(from);
    if (!isComplete(first)) {
      const wider = fill(scan(message));
      return [isComplete(wider) ? wider : first];
    }
    const requests = [first];
    while (needsOneText) {
      const next = fill(from, true);
      if (!isComplete(next)) break;
      requests.push(next);
    }
    return requests;
  });
}

function bestTaker(part: string, takers: Taker[]): Taker | undefined {
  const asked = [...new Set(meaningfulStems(withoutQuotes(part)))];
  const shared = (words: string) => {
    const stems = meaningfulStems(words);
    return asked.filter((stem) => stems.some((other) => sameStem(stem, other))).length;
  };
  let best: { taker: Taker; score: number } | undefined;
  for (const taker of takers) {
    const score = 3 * shared(taker.names) + shared(taker.description);
    if (score > (best?.score ?? 0)) best = { taker, score };
  }
  return best?.taker;
}

function distinct(requests: Request[]): Request[] {
  const seen = new Map(
    requests.map((request) => [JSON.stringify([request.tool.name, request.values]), request]),
  );
  return [...seen.values()];
}

const maxResultLength = 2000;

function summaryOf(since: DemoMessage[]): string {
  const called = new Map(
    since.flatMap((message) => message.tool_calls ?? []).map((call) => [call.id, call.function]),
  );
  return since
    .filter((message) => message.role === "tool")
    .map(({ tool_call_id: id, content }) => {
      const call = called.get(id ?? "") ?? { name: "The tool", arguments: "" };
      const result =
        content.length > maxResultLength ? `${content.slice(0, maxResultLength)}…` : content;
      return result.startsWith("Function call was rejected")
        ? `${call.name} was not run. ${result}`
        : outcomeOf(call, result);
    })
    .join("\n");
}

function questionFor({ tool, missing }: Request): string {
  const example = missing.map((name) => `${name}=…`).join(", ");
  return `${tool.name} needs ${missing.join(", ")}. Please ask again in one message, with ${example}.`;
}

function introduction(tools: DemoTool[]): string {
  if (tools.length === 0)
    return "I am no language model and have no tools. Set OPENAI_API_KEY to use a real model.";
  const list = tools.map((tool) => `- ${tool.name}: ${tool.description}`).join("\n");
  return `None of my tools fits that. I have:\n${list}\nSet OPENAI_API_KEY to use a real model.`;
}

function text(content: string): DemoAnswer {
  return { content: `[demo model] ${content}`, calls: [] };
}
