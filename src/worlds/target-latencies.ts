import { flag } from '../domain/row.ts'
import { isSameModel } from '../prices/same-model.ts'
import { quantiles } from '../stats/quantile.ts'
import { heightAt, type Line, resistantLine } from '../stats/resistant-line.ts'
import type { History } from './history.ts'
import { latencyWindowMs, p95Of } from './recent-latencies.ts'

/** Fewer answers say little of how long the next one takes. */
const leastAnswers = 20

/** How quickly the models of a log answered, found out for the targets that are asked about. */
export class TargetLatencies {
  readonly #history: History
  readonly #places = new Map<string, Uint32Array>()
  readonly #medians = new Map<string, number | null>()
  readonly #lines = new Map<string, Line | null>()

  constructor(history: History) {
    this.#history = history
  }

  /** Over the whole log; null where it has few answers of the target. */
  medianOf(target: string): number | null {
    const known = this.#medians.get(target)
    if (known !== undefined) return known
    const { latencyMs, columns } = this.#history
    const measured = this.#placesOf(target).filter(
      (place) => !Number.isNaN(columns.latencyMs[place]),
    )
    const values = Float64Array.from(measured, (place) => latencyMs[place] as number)
    const median = values.length < leastAnswers ? null : (quantiles(values, [0.5])[0] ?? null)
    this.#medians.set(target, median)
    return median
  }

  /**
   * For so many output tokens, by the line through its answers in the log; null where those are few. Milliseconds, and
   * less spread than there is: two answers of one length are taken to take as long.
   */
  latencyOf(target: string, outputTokens: number): number | null {
    const line = this.#lineOf(target)
    return line === null ? null : Math.max(0, heightAt(line, outputTokens))
  }

  #lineOf(target: string): Line | null {
    const known = this.#lines.get(target)
    if (known !== undefined) return known
    const { latencyMs, columns } = this.#history
    const answers = this.#placesOf(target).filter(
      (place) =>
        !Number.isNaN(columns.latencyMs[place]) &&
        ((columns.flags[place] as number) & flag.servedFromCache) === 0,
    )
    const read = (column: Float64Array) =>
      Float64Array.from(answers, (place) => column[place] as number)
    const line =
      answers.length < leastAnswers
        ? null
        : resistantLine(read(columns.outputTokens), read(latencyMs))
    this.#lines.set(target, line)
    return line
  }

  /** Of what had been answered in the five minutes before a request; null where nothing was. */
  p95Of(target: string, place: number): number | null {
    const { at, born, latencyMs } = this.#history
    const now = at[place] as number
    const places = this.#placesOf(target)
    const values: number[] = []
    for (let index = lastBefore(places, place); index >= 0; index--) {
      const other = places[index] as number
      if (!((at[other] as number) > now - latencyWindowMs)) break
      if ((born[other] as number) <= now) values.push(latencyMs[other] as number)
    }
    return p95Of(Float64Array.from(values))
  }

  #placesOf(target: string): Uint32Array {
    const known = this.#places.get(target)
    if (known !== undefined) return known
    const { count, profiles, columns } = this.#history
    const isIt = profiles.map(
      (profile) =>
        profile?.status === 'ok' && isSameModel(target, profile.provider, profile.model ?? ''),
    )
    const places = Uint32Array.from({ length: count }, (_, place) => place).filter(
      (place) => isIt[columns.profile[place] as number] === true,
    )
    this.#places.set(target, places)
    return places
  }
}

/** The index of the last place before another; -1: none. */
function lastBefore(places: Uint32Array, place: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] as number) < place) low = middle + 1
    else high = middle
  }
  return low - 1
}
