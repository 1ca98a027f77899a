import { http } from "../os/http.ts";

/** A page as a browser's parser sees it: its elements with their attributes, and the text of some. */
export interface Seen {
  elements: { tag: string; attributes: Record<string, string> }[];
  /** The text of each element of these kinds, one after the other, with entities decoded. */
  texts: Record<string, string[]>;
}

const headings = ["title", "h1", "h2", "h3"];
const ofForms = ["button", "label", "option", "textarea"];
const textual = [...headings, "pre", "dt", "dd", "li", "p", "a", ...ofForms];

export async function see(response: Response): Promise<Seen> {
  const seen: Seen = { elements: [], texts: Object.fromEntries(textual.map((tag) => [tag, []])) };
  const rewriter = new HTMLRewriter().on("*", {
    element({ tagName, attributes }) {
      const pairs = [...attributes].map(([name = "", value = ""]) => [name, decoded(value)]);
      seen.elements.push({ tag: tagName, attributes: Object.fromEntries(pairs) });
    },
  });
  for (const tag of textual) {
    rewriter.on(tag, {
      element: () => void seen.texts[tag]?.push(""),
      text: ({ text }) => {
        const found = seen.texts[tag] ?? [];
        found.push(`${found.pop() ?? ""}${text}`);
      },
    });
  }
  await rewriter.transform(response).arrayBuffer();
  for (const tag of textual) seen.texts[tag] = (seen.texts[tag] ?? []).map(decoded);
  // As a parser does.
  seen.texts["textarea"] = (seen.texts["textarea"] ?? []).map((text) => text.replace(/^\n/, ""));
  return seen;
}

/** What the page is built of, whatever it says: tags with the names of their attributes. */
export function skeleton({ elements }: Seen): string[] {
  return elements.map(({ tag, attributes }) => `${tag} ${Object.keys(attributes).join(" ")}`);
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? "");
}

/** What a browser sends when a person presses a button of an approval's form, with script or without. */
export async function press(id: string, fields: Record<string, string>): Promise<Response> {
  return http("POST", `/panel/approvals/${id}`, {
    body: new URLSearchParams(fields),
    headers: { origin: "http://localhost" },
  });
}
