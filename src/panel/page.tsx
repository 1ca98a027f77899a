import { raw } from "hono/html";
import { type Child, useContext } from "hono/jsx";
import { runsStyle } from "./runs-style.ts";
import { type Section, sections, ShownSections } from "./sections.ts";
import { settingsStyle } from "./settings-style.ts";
import { words } from "./words.ts";

/** Everything that the pages look like; served as a file of its own, so that no page needs an inline style. */
export const stylesheet = `
:root { color-scheme: light dark; --bg: #fbfbfa; --fg: #1c1c1a; --dim: #5c5c57; --line: #dcdcd6; --card: #fff; --accent: #0b57a4; --yes: #17653a; --no: #a3231f; --on: #fff }
@media (prefers-color-scheme: dark) { :root { --bg: #161615; --fg: #ececea; --dim: #a8a8a2; --line: #3a3a37; --card: #1f1f1d; --accent: #8cc0f5; --yes: #7dd3a0; --no: #f2a09c; --on: #161615 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.5 system-ui, sans-serif }
header, main { max-width: 46rem; margin: 0 auto; padding: 1rem }
header { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; justify-content: space-between }
header > a { color: inherit; font-weight: 700; text-decoration: none }
header nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem }
header nav a { color: var(--dim); text-decoration: none; padding: .35rem 0; border-bottom: 2px solid transparent }
header nav a[aria-current] { color: var(--fg); border-color: var(--accent) }
header nav a:hover { color: var(--fg) }
h1 { font-size: 1.3rem; margin: .2rem 0 1rem; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; margin: 1.2rem 0 .5rem }
a { color: var(--accent) }
ul.list { list-style: none; margin: 0; padding: 0 }
.card { display: block; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; margin: 0 0 .7rem; overflow-wrap: anywhere }
.dim { color: var(--dim) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 0 0 1rem }
dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.5 ui-monospace, monospace; margin: 0 0 1rem }
pre, .card, dd, .said { overflow: clip; overflow-clip-margin: .3rem }
form { margin: 0 } label { display: block; margin: 0 0 .8rem }
input, textarea, select { display: block; width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--dim); border-radius: .4rem }
textarea { field-sizing: content; min-height: 4.5rem; max-height: 60vh; resize: vertical }
.field { margin: 0 0 1.1rem } .field label, .field p { margin: 0 0 .25rem; overflow-wrap: anywhere }
.said { white-space: pre-wrap; overflow-wrap: anywhere } p.said { padding-left: .6rem; border-left: .2rem solid var(--line) }
.wrong { color: var(--no); font-weight: 600 } [aria-invalid] { border: 2px solid var(--no) }
.actions { display: flex; flex-wrap: wrap; gap: .7rem }
button { min-height: 2.75rem; padding: .5rem 1.4rem; font: inherit; font-weight: 600; border-radius: .4rem; border: 2px solid var(--accent); background: var(--bg); color: var(--accent); cursor: pointer }
button.yes { background: var(--yes); border-color: var(--yes); color: var(--on) } button.no { border-color: var(--no); color: var(--no) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
footer { max-width: 46rem; margin: 0 auto; padding: 1rem } footer button { min-height: 0; padding: .3rem .8rem; font-weight: 400; border-color: var(--line); color: var(--dim) }
dialog { max-width: 30rem; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .6rem } dialog::backdrop { background: rgb(0 0 0 / .5) }
#said:empty { display: none }
.more { margin: 0 0 1rem } .more[open] > summary { margin-bottom: .6rem }
.row { display: flex; gap: .8rem } .row > div { flex: 1; min-width: 0 } .row input { width: 1.25rem; height: 1.25rem; margin: .2rem 0 0; flex: none }
.risk { margin-left: .5rem; padding: .05rem .45rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .85rem } .risk.high { color: var(--no); border-color: var(--no); font-weight: 700 }
.extend { display: flex; flex-wrap: wrap; gap: .7rem; align-items: end; margin: 1.2rem 0 } .extend label { margin: 0; flex: 1; min-width: 12rem }
.timeline { padding-left: 1.2rem } .timeline li { margin: 0 0 .5rem; overflow-wrap: anywhere }
ins { text-decoration: none; font-weight: 700 } del { color: var(--dim) }
pre { max-height: 60vh; overflow: auto }
.badge { font-weight: 700 } .notice { border-left: .3rem solid var(--accent) }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } .actions button { flex: 1 } }
.tabs { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 0 0 1.1rem; border-bottom: 1px solid var(--line) }
.tabs a { padding: .55rem 0; color: var(--dim); text-decoration: none; border-bottom: 3px solid transparent }
.tabs a[aria-current] { color: var(--fg); font-weight: 600; border-color: var(--accent) } .tabs a:hover { color: var(--fg) }
summary { cursor: pointer; padding: .55rem 0; color: var(--accent) } details > :last-child { margin-bottom: .4rem }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0 1rem; align-items: end; margin: 0 0 1rem } .filters button { margin: 0 0 .8rem } .filters .actions { margin: 0 0 1.1rem; align-items: center }
fieldset { min-width: 0; border: 1px solid var(--line); border-radius: .6rem; margin: 0 0 1.1rem; padding: .6rem 1rem } legend { font-weight: 700; padding: 0 .3rem }
.check { display: flex; gap: .6rem; align-items: center; min-height: 2.2rem; margin: 0 }
.check input { width: 1.25rem; height: 1.25rem; margin: 0; flex: none; accent-color: var(--accent) }
${runsStyle}${settingsStyle}`;

interface PageProps {
  title: string;
  /** Where in the panel it is; null for a page of somebody who has not come in yet. */
  section?: Section | null | undefined;
  /** After how many seconds browsers that run no script ask for it anew; never where somebody may be typing. */
  refreshes?: number | undefined;
  children?: Child;
}

/** A whole page. Everything in it is escaped by the renderer; nothing is ever set as markup. */
export function Page({ title, section, refreshes, children }: PageProps) {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang={words.language}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          {refreshes !== undefined && (
            <noscript>
              <meta http-equiv="refresh" content={String(refreshes)} />
            </noscript>
          )}
          <title>{`${title} · kern`}</title>
          <link rel="stylesheet" href="/panel/style.css" />
          <link rel="icon" type="image/svg+xml" href="/panel/icon.svg" />
          {section !== null && <script src="/panel/panel.js" defer />}
        </head>
        <body>
          <header>
            <a href="/panel">kern</a>
            {section !== null && <Sections current={section} />}
          </header>
          <main>
            <h1 id="title" data-live="">
              {title}
            </h1>
            <p id="said" class="dim" role="status" />
            {children}
          </main>
          {section !== null && <Keys />}
        </body>
      </html>
    </>
  );
}

/** What the keys do; it is shown, and they are there, only with script. */
function Keys() {
  return (
    <footer>
      <button type="button" data-open-keys data-script hidden>
        {words.shortcuts.title}
      </button>
      <dialog id="keys" aria-labelledby="keys-title">
        <h2 id="keys-title">{words.shortcuts.title}</h2>
        <dl>
          <dt>j, k</dt>
          <dd>{words.shortcuts.next}</dd>
          <dt>a</dt>
          <dd>{words.shortcuts.approve}</dd>
          <dt>r</dt>
          <dd>{words.shortcuts.reject}</dd>
          <dt>e</dt>
          <dd>{words.shortcuts.fill}</dd>
          <dt>?</dt>
          <dd>{words.shortcuts.help}</dd>
        </dl>
        <form method="dialog">
          <label class="check" for="keys-on">
            <input type="checkbox" id="keys-on" /> {words.shortcuts.use}
          </label>
          <div class="actions">
            <button>{words.shortcuts.close}</button>
          </div>
        </form>
      </dialog>
    </footer>
  );
}

function Sections({ current }: { current: Section | undefined }) {
  return (
    <nav aria-label={words.frame.nav}>
      {useContext(ShownSections).map((name) => (
        <a href={sections[name].path} aria-current={name === current ? "page" : undefined}>
          {sections[name].title}
        </a>
      ))}
    </nav>
  );
}
