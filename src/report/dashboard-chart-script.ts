/**
 * The part of the page's script that draws charts. It is text, since a browser runs it: no backticks, nothing newer
 * than ES2020, and no markup as a string anywhere.
 */
export const dashboardChartScript = `
const svgSpace = 'http://www.w3.org/2000/svg';

/** An element, or a text, to be: what patch makes a real one like. */
const h = (tag, attributes, ...children) => ({ tag, attributes: attributes || {}, children: children.flat().filter((child) => child !== null) });

/** Makes the children of a node like the wanted ones, and touches nothing that is so already. */
function patchChildren(node, wanted, space) {
  wanted.forEach((want, index) => {
    const have = node.childNodes[index];
    if (typeof want !== 'object') {
      const text = String(want);
      if (have === undefined) node.append(text);
      else if (have.nodeType !== 3) have.replaceWith(text);
      else if (have.data !== text) have.data = text;
      return;
    }
    const within = want.tag === 'svg' ? svgSpace : space;
    let element = have;
    if (have === undefined || have.nodeType !== 1 || have.localName !== want.tag) {
      element = within ? document.createElementNS(within, want.tag) : document.createElement(want.tag);
      if (have === undefined) node.append(element);
      else have.replaceWith(element);
    }
    for (const name of element.getAttributeNames()) if (!(name in want.attributes)) element.removeAttribute(name);
    for (const [name, value] of Object.entries(want.attributes)) {
      if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
    }
    patchChildren(element, want.children, within);
  });
  while (node.childNodes.length > wanted.length) node.lastChild.remove();
}

const show = (id, ...children) => patchChildren(document.getElementById(id), children.flat(), null);

const plain = (digits) => new Intl.NumberFormat('en-US', { maximumFractionDigits: digits });
const units = {
  usd: (value) => (value < 0 ? '-$' : '$') + new Intl.NumberFormat('en-US', value !== 0 && Math.abs(value) < 0.995 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }).format(Math.abs(value)),
  count: (value) => plain(1).format(value),
  share: (value) => plain(1).format(value * 100) + '%',
  ms: (value) => (value < 1000 ? plain(value < 10 ? 1 : 0).format(value) + ' ms' : plain(1).format(value / 1000) + ' s'),
};
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });

/** From 0 in steps of 1, 2 or 5 times a power of ten, past the largest value. */
function axisTicks(largest) {
  if (!(largest > 0)) return [0, 1];
  const power = Math.pow(10, Math.floor(Math.log10(largest)));
  const step = [0.2, 0.5, 1, 2].map((each) => each * power).find((each) => largest / each <= 4) || power * 5;
  return Array.from({ length: Math.ceil(largest / step - 1e-9) + 1 }, (_, index) => index * step);
}

/** All ticks of an axis with as many decimals as its step needs. */
function tickText(tick, step, unit) {
  if (unit !== 'usd') return units[unit](tick);
  return '$' + tick.toFixed(step >= 1 ? 0 : Math.min(8, Math.ceil(-Math.log10(step) - 1e-9)));
}

const margin = { left: 46, right: 6, top: 8, bottom: 20 };
const height = 168;

/** One chart: its lines over its points; values are null where nothing was measured. */
function chartCard(chart, points, width, cursor) {
  const { title, per, lines, unit, isStacked, limit } = chart;
  const inner = Math.max(40, width - margin.left - margin.right);
  const values = lines.map((line) => points.map(line.of));
  const floors = values.map((_, index) => points.map((_, at) => (isStacked ? sum(values.slice(0, index).map((row) => row[at])) : 0)));
  const tops = values.map((row, index) => row.map((value, at) => (value === null ? null : value + floors[index][at])));
  const largest = Math.max(0, ...tops.flat().filter((value) => value !== null), limit && limit.value !== null ? limit.value * 1.15 : 0);
  const ticks = unit === 'share' ? [0, 0.25, 0.5, 0.75, 1] : axisTicks(largest);
  const top = ticks[ticks.length - 1];
  const x = (index) => margin.left + (points.length < 2 ? inner : (inner * index) / (points.length - 1));
  const y = (value) => margin.top + (height - margin.top - margin.bottom) * (1 - value / top);
  const round = (value) => Math.round(value * 10) / 10;
  const runs = (row) => {
    const found = [];
    row.forEach((value, at) => {
      if (value === null) return;
      if (at === 0 || row[at - 1] === null) found.push([]);
      found[found.length - 1].push(at);
    });
    return found;
  };
  const path = (places, row) => places.map((at) => round(x(at)) + ',' + round(y(row[at]))).join(' ');
  const drawn = lines.flatMap(({ color, isArea }, index) => runs(tops[index]).flatMap((places) => {
    const back = [...places].reverse();
    const area = path(places, tops[index]) + ' ' + path(back, floors[index]);
    const isDot = places.length === 1;
    return [
      isArea || isStacked ? h('polygon', { class: (isStacked ? 'stack' : 'area') + ' c-' + color, points: area }) : null,
      isStacked ? null : isDot ? h('circle', { class: 'c-' + color, r: 2.5, cx: round(x(places[0])), cy: round(y(tops[index][places[0]])) }) : h('polyline', { class: 'line l-' + color, points: path(places, tops[index]) }),
    ].filter((each) => each !== null);
  }));
  const labels = timeLabels(points, inner);
  const at = cursor === null ? null : Math.min(points.length - 1, Math.max(0, Math.round(((cursor - margin.left) / inner) * (points.length - 1))));
  const point = at === null ? undefined : points[at];
  const last = points.filter((each) => !each.isRunning).pop();
  const words = lines.map((line) => line.name + ' ' + (last === undefined || line.of(last) === null ? 'unknown' : units[unit](line.of(last)))).join(', ');
  return [
    h('h3', {}, title), h('span', { class: 'per' }, per),
    h('ul', { class: 'legend' }, lines.length < 2 && !limit ? [] : [
      ...lines.map(({ name, color }) => h('li', {}, h('span', { class: 'swatch s-' + color }), name)),
      ...(limit && limit.value !== null ? [h('li', {}, h('span', { class: 'swatch s-bad' }), limit.name)] : []),
    ]),
    h('svg', { viewBox: '0 0 ' + width + ' ' + height, role: 'img', 'aria-label': title + ', now: ' + words },
      ticks.map((tick) => h('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: round(y(tick)), y2: round(y(tick)) })),
      ticks.map((tick) => h('text', { x: margin.left - 8, y: round(y(tick)) + 4, 'text-anchor': 'end' }, tickText(tick, ticks[1], unit))),
      drawn,
      limit && limit.value !== null ? [h('line', { class: 'limit-line', x1: margin.left, x2: width - margin.right, y1: round(y(limit.value)), y2: round(y(limit.value)) })] : [],
      labels.map((index) => h('text', { x: round(x(index)), y: height - 4, 'text-anchor': index === 0 ? 'start' : index === points.length - 1 ? 'end' : 'middle' }, clock(points[index].at))),
      point === undefined ? [] : [h('line', { class: 'cursor', x1: round(x(at)), x2: round(x(at)), y1: margin.top, y2: height - margin.bottom })],
    ),
    point === undefined ? null : h('div', { class: 'tip' },
      h('div', {}, clock(point.at) + (per.includes('10') ? ' – ' + clock(point.at + 600000) : '')),
      lines.map((line) => h('div', {}, line.name + ' ' + (line.of(point) === null ? (point.isRunning ? 'not over yet' : 'unknown') : units[unit](line.of(point))))),
    ),
  ].filter((each) => each !== null);
}

const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);

/** About one label in 90 pixels, the last point among them. */
function timeLabels(points, width) {
  const many = Math.max(2, Math.min(7, Math.floor(width / 90)));
  if (points.length < 2) return points.map((_, index) => index);
  const labels = Array.from({ length: many }, (_, index) => Math.round((index * (points.length - 1)) / (many - 1)));
  return [...new Set(labels)];
}
`
