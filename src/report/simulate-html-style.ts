import { factsStyle } from './html-blocks.ts'

/** What the page of a simulation adds to the style sheet of all reports. */
export const simulateStyle = `
.hero .gain { color: var(--good); } .hero .loss { color: var(--bad); }
.bars-row { margin-top: 12px; }
svg.days text.panel { font-weight: 600; }
svg.days text.strong { fill: var(--text); font-weight: 600; }
.saved-area { fill: var(--good); opacity: .16; }
.saved-line { fill: none; stroke: var(--good); stroke-width: 2.5; }
.wrong-interval { fill: var(--bad); opacity: .18; }
.wrong-range { fill: var(--bad); opacity: .5; }
.mark { stroke: var(--text); stroke-width: 1.2; stroke-dasharray: 4 4; }
.hover { fill: var(--text); opacity: 0; }
.hover:hover { opacity: .08; }
.step.total { fill: var(--accent); } .step.gain { fill: var(--good); } .step.loss { fill: var(--bad); }
${factsStyle}
.short { white-space: nowrap; width: 1%; }
.verdict-right { color: var(--good); } .verdict-wrong { color: var(--bad); font-weight: 600; }
.verdict-unsettled, .verdict-none { color: var(--warn); }
`
