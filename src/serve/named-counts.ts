import type { MixName, WindowName } from './gateway-figures.ts'
import { WindowedCounts } from './windowed-counts.ts'

/** Names may come from callers: each is held to this length, and their number to `most`. */
const longestName = 120

/** Counters by name. Names beyond the first so many share one line, and so do requests without a name. */
export class NamedCounts {
  readonly #size: number
  readonly #most: number
  readonly #names = new Map<string, WindowedCounts>()
  readonly #others: WindowedCounts
  readonly #none: WindowedCounts

  constructor(size: number, most: number) {
    this.#size = size
    this.#most = most
    this.#others = new WindowedCounts(size)
    this.#none = new WindowedCounts(size)
  }

  /** The counters of a name, opened at a minute. A name that is not `isKnown` opens no line of its own. */
  at(name: string | null, minute: number, isKnown = true): WindowedCounts {
    const counts = name === null ? this.#none : this.#named(name, isKnown)
    counts.open(minute)
    return counts
  }

  /** Lines with anything in their first counter, the largest first. */
  lines(
    window: WindowName,
    minute: number,
  ): readonly (MixName & { readonly counts: Float64Array })[] {
    const all: readonly (MixName & { readonly from: WindowedCounts })[] = [
      ...[...this.#names].map(([name, from]) => ({ name, none: false, from })),
      { name: null, none: true, from: this.#none },
      { name: null, none: false, from: this.#others },
    ]
    return all
      .map(({ name, none, from }) => ({ name, none, counts: from.sum(window, minute) }))
      .filter(({ counts }) => (counts[0] as number) > 0)
      .sort((a, b) => (b.counts[0] as number) - (a.counts[0] as number))
  }

  #named(full: string, isKnown: boolean): WindowedCounts {
    const name = full.length > longestName ? full.slice(0, longestName) : full
    const found = this.#names.get(name)
    if (found !== undefined) return found
    if (!isKnown || this.#names.size >= this.#most) return this.#others
    const counts = new WindowedCounts(this.#size)
    this.#names.set(name, counts)
    return counts
  }
}
