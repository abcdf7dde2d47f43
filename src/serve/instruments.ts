import type { FamilyHead, HistogramFamily, LabelValues, PlainFamily } from './write-metrics.ts'

/** Series by the values of their labels; the hot path makes no object once a series is there. */
abstract class Instrument<Series> {
  readonly named: FamilyHead
  readonly #series = new Map<string, { readonly values: LabelValues; readonly series: Series }>()

  constructor(name: string, help: string, ...labels: readonly string[]) {
    this.named = { name, help, labels }
  }

  protected abstract start(): Series

  protected of(values: LabelValues): Series {
    const key = values.length === 1 ? (values[0] as string) : values.join('\x1f')
    const found = this.#series.get(key)
    if (found !== undefined) return found.series
    const series = this.start()
    this.#series.set(key, { values, series })
    return series
  }

  /** What has no labels is there from the start. */
  protected all() {
    if (this.named.labels.length === 0) this.of([])
    return [...this.#series.values()]
  }
}

/** A sum that only grows. */
export class Counter extends Instrument<{ value: number }> {
  protected start() {
    return { value: 0 }
  }

  add(amount: number, ...values: LabelValues): void {
    this.of(values).value += amount
  }

  family(scale = 1): PlainFamily {
    const series = this.all().map(({ values, series }) => ({ values, value: series.value / scale }))
    return { ...this.named, type: 'counter', series }
  }
}

/** How values are spread over fixed bounds. */
export class Histogram extends Instrument<{ readonly counts: Float64Array; sum: number }> {
  readonly #bounds: readonly number[]

  constructor(bounds: readonly number[], name: string, help: string, ...labels: readonly string[]) {
    super(name, help, ...labels)
    this.#bounds = bounds
  }

  protected start() {
    return { counts: new Float64Array(this.#bounds.length + 1), sum: 0 }
  }

  observe(value: number, ...values: LabelValues): void {
    const series = this.of(values)
    const found = this.#bounds.findIndex((bound) => value <= bound)
    const bar = found === -1 ? this.#bounds.length : found
    series.counts[bar] = (series.counts[bar] as number) + 1
    series.sum += value
  }

  family(): HistogramFamily {
    const bounds = this.#bounds
    const series = this.all().map(({ values, series }) => ({ values, bounds, ...series }))
    return { ...this.named, type: 'histogram', series }
  }
}

/** Values of a label that callers could invent: the first so many, then "other". */
export class LabelNames {
  readonly #names = new Set<string>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** A name that is not `isKnown` (to be real) gets no place of its own. */
  of(name: string, isKnown = true): string {
    if (this.#names.has(name)) return name
    if (!isKnown || this.#names.size >= this.#most || name.length > longestName) return 'other'
    this.#names.add(name)
    return name
  }
}

const longestName = 120
