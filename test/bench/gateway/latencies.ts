/** Milliseconds. */
export type Spread = {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Percentiles of at least one value: the smallest that so many are not above. */
export function spreadOf(values: Float64Array): Spread | null {
  if (values.length === 0) return null
  const sorted = values.toSorted()
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] as number
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) as number }
}

/** Numbers that come one at a time. */
export class Values {
  #kept = new Float64Array(1024)
  #size = 0

  add(value: number): void {
    if (this.#size === this.#kept.length) {
      const larger = new Float64Array(2 * this.#size)
      larger.set(this.#kept)
      this.#kept = larger
    }
    this.#kept[this.#size++] = value
  }

  get all(): Float64Array {
    return this.#kept.subarray(0, this.#size)
  }
}
