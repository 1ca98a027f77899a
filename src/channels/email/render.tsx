import { html, raw } from "hono/html";
import { clock } from "./facts.ts";
import type { Letter } from "./letter.ts";

/** Where a mail leads to. */
export interface Ways {
  panelUrl: string;
  /** A link of this one recipient's, and until when it is good, in epoch seconds; null where there is none. */
  own: { url: string; untilSeconds: number } | null;
}

const words = {
  args: "Arguments, as the agent wrote them (its own claim: nobody has checked them)",
  preview: "In short, by the tool's own code",
  cut: "Not all is shown here: read it in the panel before you decide.",
  panel: "Open it in the panel",
  signIn: "You decide there, signed in. Opening this link decides nothing.",
  own: "Decide without signing in",
};

export function textOf(letter: Letter, ways: Ways): string {
  const { args, facts, heading, isWhole, preview, remark } = letter;
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    heading,
    "",
    ...(remark === null ? [] : [remark, ""]),
    ...facts.map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${value}`),
    "",
    ...(preview === null ? [] : [`${words.preview}:`, "", ...quoted(preview), ""]),
    `${words.args}:`,
    "",
    ...quoted(args),
    "",
    ...(isWhole ? [] : [words.cut, ""]),
    `${words.panel}: ${ways.panelUrl}`,
    words.signIn,
    ...(ways.own === null
      ? []
      : ["", `${words.own}: ${ways.own.url}`, ownWords(ways.own.untilSeconds)]),
    "",
  ].join("\n");
}

/** Set apart, so that no line of it passes for one of ours. */
function quoted(text: string): string[] {
  return text.split("\n").map((line) => `> ${line}`);
}

function ownWords(untilSeconds: number): string {
  return `This link is yours alone: it is good once, until ${clock(untilSeconds)}. Do not forward this mail.`;
}

export async function htmlOf(letter: Letter, ways: Ways): Promise<string> {
  return (await html`${<Mail letter={letter} ways={ways} />}`).toString();
}

/** Everything in it is escaped by the renderer; nothing is ever set as markup. */
function Mail({ letter, ways: { own, panelUrl } }: { letter: Letter; ways: Ways }) {
  const { args, facts, heading, isWhole, preview, remark, subject } = letter;
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{subject}</title>
          <style>{raw(style)}</style>
        </head>
        <body>
          <div class="mail">
            <h1>{heading}</h1>
            {remark !== null && <p>{remark}</p>}
            <table>
              {facts.map(([name, value]) => (
                <tr>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                </tr>
              ))}
            </table>
            {preview !== null && (
              <>
                <h2>{words.preview}</h2>
                <pre>{preview}</pre>
              </>
            )}
            <h2>{words.args}</h2>
            <pre>{args}</pre>
            {!isWhole && (
              <p>
                <strong>{words.cut}</strong>
              </p>
            )}
            <p>
              <a href={panelUrl}>{words.panel}</a>
              <br />
              {words.signIn}
            </p>
            {own !== null && (
              <p>
                <a href={own.url}>{words.own}</a>
                <br />
                {ownWords(own.untilSeconds)}
              </p>
            )}
          </div>
        </body>
      </html>
    </>
  );
}

const style = `
:root { color-scheme: light dark; supported-color-schemes: light dark }
body { margin: 0; padding: 16px; background: #fbfbfa; color: #1c1c1a; font: 16px/1.5 system-ui, sans-serif }
.mail { max-width: 640px; margin: 0 auto }
h1 { font-size: 20px } h2 { font-size: 16px; margin: 20px 0 8px }
h1, td, p { overflow-wrap: anywhere; word-break: break-word }
table { border-collapse: collapse } th { padding: 2px 16px 2px 0; text-align: left; vertical-align: top; font-weight: 400; color: #5c5c57 } td { padding: 2px 0 }
pre { margin: 0; padding: 12px; border: 1px solid #dcdcd6; border-radius: 8px; background: #fff; font: 14px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; word-break: break-word }
a { color: #0b57a4; font-weight: 700 }
@media (prefers-color-scheme: dark) { body { background: #161615; color: #ececea } th { color: #a8a8a2 } pre { background: #1f1f1d; border-color: #3a3a37 } a { color: #8cc0f5 } }
`;
