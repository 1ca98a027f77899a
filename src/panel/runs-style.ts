/** What the pages of runs, and the one to try an agent on, look like beyond what all pages do. */
export const runsStyle = `
.turn { border-left: .2rem solid var(--line); padding-left: .8rem; margin: 0 0 1.2rem }
.turn h3 { font-size: 1rem; margin: 0 0 .3rem } .turn > p { margin: 0 0 .6rem }
.call { margin: 0 0 .7rem } .call h4 { font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere } .call p { margin: 0 0 .4rem } .call pre { margin: 0 0 .5rem }
.choices { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .5rem }
.choices a { display: block; height: 100%; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); text-decoration: none; overflow-wrap: anywhere }
.choices a[aria-current] { border: 2px solid var(--accent) } .choices a:hover strong { text-decoration: underline }
.choices .dim { display: block; font-size: .9rem }
`;
