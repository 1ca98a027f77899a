import type { Operation, Parameter } from "./api-document.ts";

/** A line for a terminal that makes the request of the example; KERN_URL and OS_SECURITY_KEY are the reader's own. */
export function curlOf(
  method: string,
  path: string,
  { parameters = [], requestBody, responses, security = [] }: Operation,
): string {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => exampleOf(parameters, name));
  const body = requestBody?.content["application/json"]?.example;
  const streams = Object.keys(responses["200"]?.content ?? {}).join() === "text/event-stream";
  const usual = body === undefined ? "get" : "post";
  return [
    `curl${streams ? " -N" : ""}${method === usual ? "" : ` -X ${method.toUpperCase()}`} "$KERN_URL${url}"`,
    ...(security.length > 0 ? ['-H "Authorization: Bearer $OS_SECURITY_KEY"'] : []),
    ...(body === undefined ? [] : [`--json ${quoted(JSON.stringify(body))}`]),
  ].join(" \\\n  ");
}

function exampleOf(parameters: readonly Parameter[], name: string): string {
  const example = parameters.find((parameter) => parameter.name === name)?.schema.example;
  return typeof example === "string" ? example : name;
}

/** A text as a shell takes it, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
