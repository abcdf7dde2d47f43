/** The style sheet of the HTML report: light, dark by preference, and for paper. */
export const htmlStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --text: #1d1e20; --muted: #65676b; --line: #e3e3de;
  --accent: #2f62d9; --good: #0d7a55; --warn: #9a6200; --bad: #c23a2e; --track: #ecece7;
  --input: #4a7bd0; --cache-read: #58b7c2; --cache-write: #56a873; --output: #8861cc;
  --tools: #d79e35; --other: #9b9b98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131416; --card: #1c1e21; --text: #ecedee; --muted: #9da1a6; --line: #2e3135;
    --accent: #6d97f2; --good: #4fcf9f; --warn: #e4b04e; --bad: #ff7d70; --track: #2a2d31;
    --input: #6d9bec; --cache-read: #6fcbd5; --cache-write: #6fc58d; --output: #a684e6;
    --tools: #e5b457; --other: #85888c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { font-size: 17px; font-weight: 600; margin: 0; }
h2 { font-size: 19px; font-weight: 650; margin: 44px 0 4px; letter-spacing: -.01em; }
h3 { font-size: 13px; font-weight: 600; margin: 0 0 10px; color: var(--muted); }
p { margin: 0; }
a { color: inherit; }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.muted, .remark { color: var(--muted); }
.remark { margin-bottom: 14px; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px;
}
.hero { display: flex; flex-wrap: wrap; gap: 8px 56px; margin: 22px 0 26px; align-items: flex-end; }
.hero .amount {
  display: block; font-size: 46px; line-height: 1.1; font-weight: 680; letter-spacing: -.03em;
}
.hero .second .amount { font-size: 34px; font-weight: 620; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.figures .card { padding: 14px 16px; }
.figures dt { font-size: 13px; color: var(--muted); }
.figures dd { margin: 2px 0 0; font-size: 20px; font-weight: 620; }
.figures dd small { display: block; font-size: 13px; font-weight: 400; color: var(--muted); }
.stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; margin-top: 12px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 12px; }
.columns.narrow { grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); }
.facts { counter-reset: fact; }
.facts .card { display: flex; flex-direction: column; gap: 8px; }
.facts .saving {
  font-size: 28px; line-height: 1.2; font-weight: 660; letter-spacing: -.02em; color: var(--good);
}
.facts .saving small {
  display: block; font-size: 13px; line-height: 1.5; font-weight: 400; letter-spacing: 0;
  color: var(--muted);
}
.facts .title { font-weight: 600; }
.facts dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 4px 10px; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
.command {
  display: block; background: var(--page); border: 1px solid var(--line); border-radius: 8px;
  padding: 8px 10px; margin-top: auto; user-select: all;
}
code span { display: inline-block; max-width: 100%; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 8px 10px; vertical-align: top; border-top: 1px solid var(--line); }
thead th { font-size: 13px; font-weight: 500; color: var(--muted); border-top: 0; padding-top: 0; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { font-weight: 500; }
table:has(thead) tbody th { min-width: 112px; }
.number { text-align: right; white-space: nowrap; }
.wide { width: auto; }
.spread .number { width: 1%; }
table:not(:has(thead)) tr:first-child > * { border-top: 0; padding-top: 0; }
tbody tr:last-child > * { padding-bottom: 0; }
td.bars { width: 20%; min-width: 90px; }
.spread th, .spread td { border: 0; padding: 4px 8px; }
.spread th { width: 1%; white-space: nowrap; color: var(--muted); font-weight: 400; }
.spread th:first-child { padding-left: 0; }
.spread td:last-child { padding-right: 0; }
svg { display: block; }
svg.days { width: 100%; min-width: 620px; height: auto; }
svg.days text { font-size: 12.5px; fill: var(--muted); font-family: inherit; }
.grid { stroke: var(--line); stroke-width: 1; }
.day { fill: var(--accent); }
.day.alerted { fill: var(--bad); }
.day:hover { opacity: .75; }
svg.composition { width: 100%; height: 26px; border-radius: 6px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 12px 0 0; padding: 0; }
svg.key { display: inline-block; width: 10px; height: 10px; margin-right: 7px; }
svg.bar { width: 100%; height: 9px; margin-top: 7px; border-radius: 3px; }
.track { fill: var(--track); }
.fill { fill: var(--accent); }
.savings .fill { fill: var(--good); }
.fill-input { fill: var(--input); } .fill-cacheRead { fill: var(--cache-read); }
.fill-cacheWrite { fill: var(--cache-write); } .fill-output { fill: var(--output); }
.fill-tools { fill: var(--tools); } .fill-other { fill: var(--other); }
.fill-exact { fill: var(--good); } .fill-near { fill: var(--tools); } .fill-unique { fill: var(--input); }
.fill-simple { fill: var(--good); } .fill-medium { fill: var(--tools); } .fill-hard { fill: var(--bad); }
.alerts { list-style: none; margin: 0; }
.alerts li { display: flex; gap: 12px; padding: 9px 0; border-top: 1px solid var(--line); }
.alerts li:first-child { border-top: 0; padding-top: 0; }
.alerts li:last-child { padding-bottom: 0; }
.level { flex: 0 0 64px; font-size: 13px; font-weight: 600; line-height: 23px; }
.level.critical { color: var(--bad); } .level.warn { color: var(--warn); }
.level.info { color: var(--accent); }
.verdict { border-left: 4px solid var(--accent); }
.verdict ul, .notes { margin: 6px 0 0; padding-left: 18px; }
.notes { color: var(--muted); margin: 0; }
footer { margin-top: 44px; color: var(--muted); font-size: 13px; }
@media (max-width: 560px) {
  main { padding: 24px 14px 40px; }
  .hero .amount { font-size: 38px; }
  .card { padding: 14px; }
}
@media print {
  :root { color-scheme: light; --page: #fff; }
  body { font-size: 11px; }
  main { max-width: none; padding: 0; }
  h2 { margin-top: 24px; break-after: avoid; }
  .card, tr, li { break-inside: avoid; }
  .scroll { overflow: visible; }
  svg.days { min-width: 0; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
