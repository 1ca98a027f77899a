/** What the history and the settings look like, beyond what all pages do. */
export const settingsStyle = `
.card > h2, .card > h3 { margin: 0 0 .4rem; overflow-wrap: anywhere } .card > p { margin: 0 0 .5rem } .card > dl { margin: .4rem 0 } .card > :last-child { margin-bottom: 0 }
.alarm { border: 2px solid var(--no); border-left-width: .5rem }
.paused { color: var(--no); font-weight: 700 } .going { color: var(--yes); font-weight: 700 }
.checks { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 0 0 1rem } caption { text-align: left; color: var(--dim); padding: 0 0 .3rem }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere } th { font-weight: 600 }
`;
