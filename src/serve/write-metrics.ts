/** Values of a family's labels, in the order of its names. */
export type LabelValues = readonly string[]

/** One metric with all its series, ready to be written. */
export type MetricFamily = PlainFamily | HistogramFamily

export type PlainFamily = FamilyHead & {
  readonly type: 'counter' | 'gauge'
  readonly series: readonly PlainSeries[]
}

export type HistogramFamily = FamilyHead & {
  readonly type: 'histogram'
  readonly series: readonly HistogramSeries[]
}

export type FamilyHead = {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export type PlainSeries = { readonly values: LabelValues; readonly value: number }

export type HistogramSeries = {
  readonly values: LabelValues
  /** Upper ends, ascending, without infinity. */
  readonly bounds: readonly number[]
  /** How many fell into each, one more than bounds; not cumulative. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats): families in the given order, their
 * series by label values. A family without series is left out.
 */
export function writeMetrics(families: readonly MetricFamily[]): string {
  const lines: string[] = []
  for (const family of families) {
    if (family.series.length === 0) continue
    lines.push(`# HELP ${family.name} ${escapeHelp(family.help)}`)
    lines.push(`# TYPE ${family.name} ${family.type}`)
    if (family.type === 'histogram') pushHistograms(lines, family)
    else for (const series of sorted(family.series)) pushPlain(lines, family, series)
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const sorted = <T extends { readonly values: LabelValues }>(series: readonly T[]): readonly T[] =>
  series.toSorted((a, b) => compare(a.values, b.values))

function compare(a: LabelValues, b: LabelValues): number {
  for (let index = 0; index < a.length; index++) {
    const [one = '', other = ''] = [a[index], b[index]]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

function pushPlain(
  lines: string[],
  { name, labels }: MetricFamily,
  { values, value }: PlainSeries,
): void {
  lines.push(`${name}${labelText(pairs(labels, values))} ${numberText(value)}`)
}

function pushHistograms(lines: string[], { name, labels, series }: HistogramFamily): void {
  for (const { values, bounds, counts, sum } of sorted(series)) {
    const own = pairs(labels, values)
    let below = 0
    for (const [index, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
      below += counts[index] ?? 0
      lines.push(`${name}_bucket${labelText([...own, `le="${numberText(bound)}"`])} ${below}`)
    }
    lines.push(`${name}_sum${labelText(own)} ${numberText(sum)}`)
    lines.push(`${name}_count${labelText(own)} ${below}`)
  }
}

const pairs = (labels: readonly string[], values: LabelValues): readonly string[] =>
  labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`)

const labelText = (written: readonly string[]): string =>
  written.length === 0 ? '' : `{${written.join(',')}}`

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const escapeLabel = (text: string): string => escapeHelp(text.toWellFormed()).replaceAll('"', '\\"')

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
