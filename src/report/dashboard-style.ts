/** What the live dashboard adds to the style sheet of all reports. */
export const dashboardStyle = `
dl { margin: 0; }
main.dashboard { max-width: 1320px; padding: 22px 28px 48px; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin-bottom: 18px; }
.top h1 { font-size: 18px; letter-spacing: -.01em; }
.top h1 .muted { font-weight: 400; }
.windows { margin-left: auto; display: flex; background: var(--track); border-radius: 9px; padding: 3px; }
.windows button {
  font: inherit; font-size: 13px; color: var(--muted); background: none; border: 0; border-radius: 7px;
  padding: 4px 12px; cursor: pointer; white-space: nowrap;
}
.windows button[aria-pressed="true"] { background: var(--card); color: var(--text); font-weight: 600; box-shadow: 0 1px 2px rgb(0 0 0 / .12); }
.windows button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.facts-line { flex-basis: 100%; font-size: 13px; }
.pill { font-size: 12px; font-weight: 600; line-height: 20px; padding: 1px 10px 1px 8px; border-radius: 11px; background: var(--track); color: var(--muted); white-space: nowrap; }
.pill::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 4px; background: currentColor; margin-right: 6px; }
.pill.live { color: var(--good); }
.pill.lost { color: var(--warn); }
.pill.bad { color: var(--bad); }
.problem { border-left: 4px solid var(--bad); margin-bottom: 12px; }
.hero-row { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; }
.hero-row .card { padding: 18px 22px 16px; }
.hero-row dt, .tile dt { font-size: 13px; font-weight: 600; color: var(--muted); }
.hero-row dd, .tile dd { margin: 0; }
.hero-row .value { font-size: 38px; line-height: 1.2; font-weight: 680; letter-spacing: -.03em; }
.hero-row .saved .value { color: var(--good); }
.hero-row .loss .value { color: var(--bad); }
.note { font-size: 13px; line-height: 1.45; color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 12px; margin-top: 12px; }
.tile { display: flex; flex-direction: column; padding: 14px 16px 13px; }
.tile .value { font-size: 24px; line-height: 1.3; font-weight: 650; letter-spacing: -.02em; }
.tile .limit { margin-top: auto; padding-top: 8px; font-size: 12px; font-weight: 600; color: var(--muted); }
.limit::before { content: ""; display: inline-block; width: 7px; height: 7px; border-radius: 4px; margin-right: 6px; background: var(--line); }
.limit.within::before { background: var(--good); }
.tile .limit.crossed { color: var(--bad); }
.limit.crossed::before { background: var(--bad); }
.tile.crossed { border-color: var(--bad); box-shadow: inset 3px 0 0 var(--bad); }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; margin-top: 12px; }
.chart { position: relative; padding: 14px 16px 10px; min-width: 0; }
.chart h3 { margin: 0; display: inline; }
.chart .legend { margin: 0; gap: 2px 14px; font-size: 12px; color: var(--muted); float: right; }
.chart .swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.chart .per { font-size: 12px; color: var(--muted); margin-left: 8px; }
.chart svg { width: 100%; height: 168px; margin-top: 8px; clear: both; overflow: visible; touch-action: pan-y; }
.chart text { font-size: 11.5px; fill: var(--muted); font-family: inherit; }
.area { opacity: .22; } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.c-accent { fill: var(--accent); } .l-accent { stroke: var(--accent); } .s-accent { background: var(--accent); }
.c-good { fill: var(--good); } .l-good { stroke: var(--good); } .s-good { background: var(--good); }
.c-bad { fill: var(--bad); } .l-bad { stroke: var(--bad); } .s-bad { background: var(--bad); }
.c-muted { fill: var(--other); } .l-muted { stroke: var(--other); } .s-muted { background: var(--other); }
.stack { opacity: .78; }
svg .limit-line { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 4 4; }
svg .cursor { stroke: var(--muted); stroke-width: 1; }
.tip {
  position: absolute; top: 34px; pointer-events: none; background: var(--text); color: var(--page);
  border-radius: 7px; padding: 6px 10px; font-size: 12px; line-height: 1.5; white-space: nowrap; z-index: 1;
}
.tables { columns: 2; column-gap: 12px; margin-top: 12px; }
.tables .card { break-inside: avoid; margin: 0 0 12px; padding: 15px 18px; display: inline-block; width: 100%; }
#wide .card { margin-top: 12px; padding: 15px 18px; }
:is(.tables, #wide) h3 { color: var(--text); font-size: 14px; margin: 0; }
:is(.tables, #wide) .remark { font-size: 13px; margin: 0 0 10px; }
:is(.tables, #wide) table { font-size: 13.5px; }
:is(.tables, #wide) :is(th, td) { padding: 6px 8px; }
:is(.tables, #wide) thead th { font-size: 12px; white-space: nowrap; }
:is(.tables, #wide) tbody th { font-weight: 500; min-width: 110px; }
.share { display: block; height: 3px; border-radius: 2px; margin-top: 3px; background: var(--track); overflow: hidden; }
.share svg { width: 100%; height: 3px; }
.total > * { font-weight: 650; }
:is(.tables, #wide) td { overflow-wrap: normal; }
.outside, .state-open { color: var(--bad); font-weight: 600; }
.inside { color: var(--good); } .state-half-open { color: var(--warn); font-weight: 600; }
.receipts { padding: 4px 0; max-height: 640px; overflow-y: auto; overscroll-behavior: contain; }
.receipts details { border-top: 1px solid var(--line); }
.receipts details:first-child { border-top: 0; }
.receipts summary {
  display: grid; grid-template-columns: 72px 120px minmax(0, 2fr) minmax(0, 1.2fr) 86px 118px 76px 12px;
  gap: 4px 12px; padding: 7px 18px; cursor: pointer; list-style: none; align-items: baseline; font-size: 13.5px;
}
.receipts summary::-webkit-details-marker { display: none; }
.receipts summary::after { content: "›"; color: var(--muted); text-align: right; }
.receipts details[open] summary::after { content: "⌄"; }
.receipts summary:hover { background: var(--page); }
.receipts .clip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.badge { font-weight: 600; white-space: nowrap; } .badge.hit { color: var(--good); }
.badge.warn { color: var(--warn); } .badge.bad { color: var(--bad); }
.receipts .body { padding: 2px 18px 14px 102px; font-size: 13px; }
.receipts ol { margin: 8px 0 0; padding-left: 22px; font: 12.5px/1.7 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.empty { padding: 16px 18px; color: var(--muted); }
@media (prefers-color-scheme: dark) { .windows button[aria-pressed="true"] { background: #3b3f45; } }
@media (max-width: 1100px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media (max-width: 860px) {
  .charts { grid-template-columns: minmax(0, 1fr); }
  .tables { columns: 1; }
  .receipts summary { grid-template-columns: 66px minmax(0, 1fr) auto 64px; }
  .receipts summary::after { display: none; }
  .receipts .model { grid-column: 1 / 3; grid-row: 2; } .receipts .route { display: none; }
  .receipts .saved { grid-row: 2; grid-column: 3 / 5; }
  .receipts .body { padding-left: 18px; }
}
@media (max-width: 640px) {
  main.dashboard { padding: 14px 12px 32px; }
  .windows { margin-left: 0; width: 100%; } .windows button { flex: 1; padding: 5px 4px; }
  .hero-row { grid-template-columns: minmax(0, 1fr); gap: 8px; }
  .hero-row .card { padding: 12px 16px; } .hero-row .value { font-size: 30px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .tile { padding: 11px 12px; } .tile .value { font-size: 21px; }
  .tables .card, #wide .card { padding: 13px 14px; }
  .extra { display: none; }
  .tables tbody th, #wide tbody th { min-width: 84px; }
}
`
