import type { FigureFacts } from './figures.ts'
import { figuresOf } from './figures.ts'
import type { ScoredFigures } from './forecast-score.ts'
import type { MixLine } from './gateway-figures.ts'
import { quantilesOf } from './windowed-times.ts'

/** All that was counted since the start. */
export type CountedSoFar = {
  readonly counts: Float64Array
  /** By bar. */
  readonly latencies: Float64Array
  readonly routes: readonly Pick<MixLine, 'name' | 'requests'>[]
}

/** What was counted since a policy is in force: everything since the start, less what was there when it came. */
export class PolicySpan {
  readonly #from: string
  readonly #before: CountedSoFar

  /** `from` in ISO 8601. */
  constructor(from: string, before: CountedSoFar) {
    this.#from = from
    this.#before = before
  }

  figures({ counts, latencies, routes }: CountedSoFar, facts: FigureFacts): ScoredFigures {
    const before = this.#before
    const figures = figuresOf(
      {
        from: this.#from,
        counts: less(counts, before.counts),
        latencyMs: quantilesOf(less(latencies, before.latencies)),
        firstTokenMs: noTimes,
        overheadMs: noTimes,
        mixes: { routes: [], segments: [], models: [], bypasses: [], turnedAway: [] },
      },
      facts,
    )
    const known = new Map(before.routes.map(({ name, requests }) => [name, requests]))
    return {
      ...figures,
      routes: routes.map(({ name, requests }) => ({
        name,
        requests: requests - (known.get(name) ?? 0),
      })),
    }
  }
}

const noTimes = { count: 0, p50: null, p95: null, p99: null }

const less = (counts: Float64Array, before: Float64Array): Float64Array =>
  counts.map((count, index) => count - (before[index] as number))
