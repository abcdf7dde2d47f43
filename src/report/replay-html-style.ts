import { factsStyle } from './html-blocks.ts'

/** What the page of a replay adds to the style sheet of all reports. */
export const replayStyle = `
.hero .non-inferior { color: var(--good); } .hero .inferior { color: var(--bad); }
.hero .undecided { color: var(--warn); }
.hero p.refusal { color: var(--bad); flex-basis: 100%; }
svg.days text.strong { fill: var(--text); font-weight: 600; }
.zero { stroke: var(--text); stroke-width: 1.2; }
.margin { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 4 4; }
.whisker { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; }
.dot { fill: var(--accent); }
.all .whisker { stroke-width: 7; }
.all.non-inferior .whisker { stroke: var(--good); } .all.non-inferior .dot { fill: var(--good); }
.all.inferior .whisker { stroke: var(--bad); } .all.inferior .dot { fill: var(--bad); }
.all.undecided .whisker { stroke: var(--warn); } .all.undecided .dot { fill: var(--warn); }
${factsStyle}
.scroll td:not(.number) { min-width: 100px; }
.pair h3 { margin-bottom: 6px; }
.pair dl { margin: 0; display: grid; grid-template-columns: 90px minmax(0, 1fr); gap: 4px 14px; }
.pair dt { color: var(--muted); }
.pair dd { margin: 0; }
`
