/** What the reference looks like, beyond what all pages do. */
export const referenceStyle = `
html { scroll-padding-top: 1rem }
.reference { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 78rem; margin: 0 auto }
.reference header { grid-column: 1 / -1; width: 100%; max-width: none }
.reference main { max-width: 56rem; margin: 0; width: 100% }
.reference nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 1rem; font-size: .9rem }
nav ul { list-style: none; margin: 0; padding: 0 } nav ul ul { margin: 0 0 .9rem }
nav a { display: flex; justify-content: space-between; gap: .5rem; padding: .15rem 0; text-decoration: none; overflow-wrap: anywhere } nav > ul > li > a { font-weight: 700 }
nav ul ul a { color: inherit } nav a:hover { text-decoration: underline }
nav .method { flex: none; font-size: .7rem; line-height: 1.9 }
.reference ul.list { margin: 0 0 1.2rem } .reference ul.list li { padding: .15rem 0 } .list .method { display: inline-block; width: 4.2rem }
article { border-top: 1px solid var(--line); padding: .6rem 0 1.2rem } .reference h2 { font-size: 1.3rem; margin: 2rem 0 .5rem }
h3 { margin: .6rem 0 .2rem; overflow-wrap: anywhere } h4 { margin: 1rem 0 .3rem } article p { margin: .3rem 0 .6rem }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere } .path code { font-size: 1rem }
.method { font: 700 .8rem ui-monospace, monospace; color: var(--accent) } .method.post { color: var(--yes) } .method.delete { color: var(--no) }
small { color: var(--dim) } dt small { display: block } .fields { grid-template-columns: minmax(8rem, 13rem) 1fr; margin: 0 0 .6rem } .fields dt { color: inherit; overflow-wrap: anywhere }
.fields .fields { margin: .4rem 0 } .fields .fields .fields { grid-template-columns: 1fr } dd > .fields { border-left: 2px solid var(--line); padding-left: .8rem }
details { margin: 0 0 .5rem } summary { cursor: pointer; padding: .2rem 0 } details > pre, details > dl { margin: .4rem 0 1rem } dd ul { margin: .2rem 0 .4rem; padding-left: 1.1rem }
@media (max-width: 55rem) { .reference { display: block } .reference nav { position: static; max-height: none; padding: 0 1rem } nav ul ul { display: none } nav > ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem } nav > ul > li > a { padding: .6rem 0 } .fields { grid-template-columns: 1fr } }
`;
