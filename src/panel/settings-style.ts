/** What the history and the settings look like, beyond what all pages do. */
export const settingsStyle = `
.tabs { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 0 0 1.1rem; border-bottom: 1px solid var(--line) }
.tabs a { padding: .55rem 0; color: var(--dim); text-decoration: none; border-bottom: 3px solid transparent }
.tabs a[aria-current] { color: var(--fg); font-weight: 600; border-color: var(--accent) } .tabs a:hover { color: var(--fg) }
.card > h2, .card > h3 { margin: 0 0 .4rem; overflow-wrap: anywhere } .card > p { margin: 0 0 .5rem } .card > dl { margin: .4rem 0 } .card > :last-child { margin-bottom: 0 }
summary { cursor: pointer; padding: .55rem 0; color: var(--accent) } details > :last-child { margin-bottom: .4rem }
.alarm { border: 2px solid var(--no); border-left-width: .5rem }
.paused { color: var(--no); font-weight: 700 } .going { color: var(--yes); font-weight: 700 }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0 1rem; align-items: end } .filters .actions { margin: 0 0 1.1rem; align-items: center }
fieldset { border: 1px solid var(--line); border-radius: .6rem; margin: 0 0 1.1rem; padding: .6rem 1rem } legend { padding: 0 .3rem }
.checks { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 0 1rem } .check { display: flex; gap: .6rem; align-items: center; min-height: 2.2rem; margin: 0 }
.check input { width: 1.25rem; height: 1.25rem; margin: 0; flex: none; accent-color: var(--accent) }
table { border-collapse: collapse; width: 100%; margin: 0 0 1rem } caption { text-align: left; color: var(--dim); padding: 0 0 .3rem }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere } th { font-weight: 600 }
`;
