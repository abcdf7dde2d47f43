/** The part of the page's script that listens and puts what comes into its place; the charts are before it. */
export const dashboardScript = `
let view = null;
let chosen = 'hour';
let isLive = false;
const cursors = new Map();
const receiptRows = new Map();
const mostReceipts = 100;
const mostMinutes = 1440;

const at = (id) => document.getElementById(id);

function draw() {
  if (view === null) return;
  const shown = view.windows[chosen];
  const { status, problems, facts } = view.head;
  const link = at('link');
  link.className = 'pill ' + (!isLive ? 'lost' : status === 'ok' ? 'live' : 'bad');
  link.textContent = !isLive ? 'reconnecting' : status === 'ok' ? 'live' : 'degraded';
  document.title = shown.hero[0].value + ' spent \\u00b7 llmcost gateway';
  show('facts', facts.join(' \\u00b7 '));
  show('problems', problems.map((problem) => h('p', { class: 'card problem' }, problem)));
  for (const button of at('windows').children) button.setAttribute('aria-pressed', String(button.value === chosen));
  show('hero', shown.hero.map(heroTile));
  show('tiles', shown.tiles.map(tile));
  const all = [...view.tables, ...shown.tables];
  show('wide', all.filter(isWide).map(table));
  show('tables', all.filter((each) => !isWide(each)).map(table));
  show('footer', 'Savings are against ' + view.head.baseline + '. Prompt-cache reads of providers are never counted as hits. Quantiles are at most 2.2% off.');
  drawCharts();
}

const heroTile = ({ id, name, value, note }) =>
  h('dl', { class: 'card ' + (id === 'saved' ? (value.startsWith('-') ? 'loss' : 'saved') : id) }, h('dt', {}, name), h('dd', { class: 'value' }, value), h('dd', { class: 'note' }, note));

const tile = ({ id, name, value, note, limit }) =>
  h('dl', { class: 'card tile' + (limit !== null && limit.state === 'crossed' ? ' crossed' : ''), id: 'tile-' + id },
    h('dt', {}, name), h('dd', { class: 'value' }, value), h('dd', { class: 'note' }, note),
    limit === null ? null : h('dd', { class: 'limit ' + limit.state }, limit.text));

const isWide = ({ columns }) => columns.length > 7;

function table({ title, remark, columns, rows, shares }) {
  const isTotal = (row) => row[0] === 'together';
  return h('div', { class: 'card scroll' }, h('h3', {}, title), h('p', { class: 'remark' }, remark),
    h('table', {},
      h('thead', {}, h('tr', {}, columns.map((column) => h('th', { scope: 'col', class: cellClass(column, '') }, column.title)))),
      h('tbody', {}, rows.map((row, index) => h('tr', { class: isTotal(row) ? 'total' : '' }, row.map((cell, place) => {
        if (place === 0) return h('th', { scope: 'row' }, cell, shares === null || shares[index] === null ? null : shareBar(shares[index]));
        return h('td', { class: cellClass(columns[place], cell) }, cell);
      }))))));
}

const cellClass = ({ isNumber, isExtra }, cell) => [isNumber ? 'number' : wordClass(cell), isExtra ? 'extra' : ''].join(' ').trim();

const wordClass = (word) => ({ outside: 'outside', inside: 'inside', open: 'state-open', 'half-open': 'state-half-open' })[word] || '';

const shareBar = (share) => h('span', { class: 'share' },
  h('svg', { viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, h('rect', { class: share > 1 ? 'c-bad' : 'c-accent', width: Math.max(0, Math.min(100, share * 100)).toFixed(1), height: 3 })));

/** The minutes of the last hour, or of the last day in tens. */
function chartPoints() {
  const { series } = view;
  const count = series.requests.length;
  const from = Date.parse(series.from);
  const step = chosen === 'hour' ? 1 : 10;
  const first = chosen === 'hour' ? Math.max(0, count - 60) : 0;
  const points = [];
  for (let index = first; index < count; index++) {
    const minute = from + index * series.stepMs;
    const slot = Math.floor(minute / (step * series.stepMs));
    const last = points[points.length - 1];
    const point = last !== undefined && last.slot === slot ? last : { slot, at: slot * step * series.stepMs, requests: 0, cost: 0, saved: 0, cacheable: 0, hits: 0, failed: 0, refused: 0, p50: null, p95: null, timed: 0, p50Sum: 0, p95Sum: 0 };
    if (point !== last) points.push(point);
    const requests = series.requests[index];
    point.requests += requests;
    point.cost += series.costUsd[index];
    point.saved += series.savedUsd[index];
    point.cacheable += series.cacheable[index];
    point.hits += series.hits[index];
    point.failed += series.failed[index];
    point.refused += series.refused[index];
    if (series.latencyP50Ms[index] === null || series.latencyP95Ms[index] === null) continue;
    point.timed += requests;
    point.p50Sum += series.latencyP50Ms[index] * requests;
    point.p95Sum += series.latencyP95Ms[index] * requests;
    point.p50 = point.p50Sum / point.timed;
    point.p95 = point.p95Sum / point.timed;
  }
  const last = points[points.length - 1];
  // A bucket that is not over yet would look like a fall; a first one is better than nothing.
  if (points.length > 1) last.isRunning = true;
  return points;
}

const whole = (of) => (point) => (point.isRunning ? null : of(point));

const chartList = (per, limit) => [
  { id: 'chart-spend', title: 'Spent and saved', per, unit: 'usd', lines: [
    { name: 'saved', color: 'good', isArea: true, of: whole((point) => Math.max(0, point.saved)) },
    { name: 'spent', color: 'accent', isArea: true, of: whole((point) => point.cost) } ] },
  { id: 'chart-requests', title: 'Requests', per, unit: 'count', isStacked: true, lines: [
    { name: 'from caches', color: 'good', of: whole((point) => point.hits) },
    { name: 'by models', color: 'accent', of: whole((point) => Math.max(0, point.requests - point.hits - point.failed - point.refused)) },
    { name: 'refused', color: 'muted', of: whole((point) => point.refused) },
    { name: 'failed', color: 'bad', of: whole((point) => point.failed) } ] },
  { id: 'chart-hits', title: 'Combined hit rate', per, unit: 'share', limit: { name: 'act below', value: limit }, lines: [
    { name: 'hits of cacheable', color: 'good', isArea: true, of: (point) => (point.cacheable === 0 ? null : point.hits / point.cacheable) } ] },
  { id: 'chart-latency', title: 'Latency', per: per.includes('10') ? 'means of each minute\\u2019s quantile, per 10 minutes' : per, unit: 'ms', lines: [
    { name: 'p95', color: 'accent', of: (point) => point.p95 },
    { name: 'p50', color: 'good', isArea: true, of: (point) => point.p50 } ] },
];

function drawCharts() {
  const points = chartPoints();
  const charts = chartList(chosen === 'hour' ? 'per minute' : 'per 10 minutes, last 24 hours', view.head.hitRateLimit);
  for (const chart of charts) {
    const card = at(chart.id) || addChart(chart.id);
    const width = Math.max(200, card.clientWidth - 32);
    const cursor = cursors.has(chart.id) ? cursors.get(chart.id) : null;
    patchChildren(card, chartCard(chart, points, width, cursor), null);
    const tip = card.querySelector('.tip');
    if (tip !== null) tip.style.left = Math.max(8, Math.min(cursor + 28, card.clientWidth - tip.offsetWidth - 8)) + 'px';
  }
}

function addChart(id) {
  const card = document.createElement('div');
  card.id = id;
  card.className = 'card chart';
  card.addEventListener('pointermove', (event) => {
    const svg = card.querySelector('svg');
    if (svg === null) return;
    cursors.set(id, event.clientX - svg.getBoundingClientRect().left);
    drawCharts();
  });
  card.addEventListener('pointerleave', () => {
    cursors.delete(id);
    drawCharts();
  });
  at('charts').append(card);
  return card;
}

/** Receipts do not change: each is made once, so that an open one stays open. */
function addReceipts(receipts) {
  const list = at('receipts');
  for (const receipt of [...receipts].reverse()) {
    if (receiptRows.has(receipt.id)) continue;
    const row = document.createElement('details');
    patchChildren(row, receiptRow(receipt), null);
    receiptRows.set(receipt.id, row);
    list.prepend(row);
  }
  for (const [id, row] of receiptRows) {
    if (receiptRows.size <= mostReceipts) break;
    receiptRows.delete(id);
    row.remove();
  }
  at('recent').hidden = receiptRows.size === 0;
}

const receiptRow = (receipt) => [
  h('summary', {},
    h('span', { class: 'muted' }, new Date(receipt.at).toLocaleTimeString([], { hour12: false })),
    h('span', { class: 'badge ' + receipt.level }, receipt.outcome),
    h('span', { class: 'model clip' }, receipt.model),
    h('span', { class: 'route clip muted' }, receipt.route),
    h('span', { class: 'number' }, receipt.cost),
    h('span', { class: 'number muted saved' }, receipt.saved),
    h('span', { class: 'number latency' }, receipt.latency)),
  h('div', { class: 'body' },
    h('p', {}, h('code', {}, receipt.id)),
    h('p', { class: 'muted' }, receipt.facts.join(' \\u00b7 ')),
    h('ol', {}, receipt.steps.map((step) => h('li', {}, step)))),
];

/** Puts later minutes over the earlier ones, and lets go of those that are a day old. */
function mergeSeries(have, come) {
  const offset = Math.round((Date.parse(come.from) - Date.parse(have.from)) / have.stepMs);
  if (offset < 0 || offset > have.requests.length) return come;
  const merged = { stepMs: have.stepMs };
  const length = offset + come.requests.length;
  const dropped = Math.max(0, length - mostMinutes);
  for (const name of Object.keys(come)) {
    if (Array.isArray(come[name])) merged[name] = [...have[name].slice(0, offset), ...come[name]].slice(dropped);
  }
  merged.from = new Date(Date.parse(have.from) + dropped * have.stepMs).toISOString();
  return merged;
}

for (const [value, label] of [['hour', 'Last hour'], ['day', '24 hours'], ['start', 'Since start']]) {
  const button = document.createElement('button');
  button.type = 'button';
  button.value = value;
  button.textContent = label;
  button.addEventListener('click', () => { chosen = value; draw(); });
  at('windows').append(button);
}
at('recent').hidden = true;

const events = new EventSource('events');
events.addEventListener('all', (event) => {
  view = JSON.parse(event.data);
  isLive = true;
  addReceipts(view.receipts);
  draw();
});
events.addEventListener('change', (event) => {
  if (view === null) return;
  const change = JSON.parse(event.data);
  const series = change.series === undefined ? view.series : mergeSeries(view.series, change.series);
  view = { ...view, ...change, series };
  addReceipts(change.receipts || []);
  draw();
});
events.addEventListener('error', () => { isLive = false; draw(); });
new ResizeObserver(() => draw()).observe(document.body);
`
