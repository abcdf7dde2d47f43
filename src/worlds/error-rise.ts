import { type Share, shareDifferenceZ, surelyDifferentZ } from '../stats/share-difference.ts'

const sliceMs = 300_000
/** An hour, and the day before it. */
const recentSlices = 12
const slices = recentSlices + 288
/** Of fewer errors, or fewer requests, a share says little. */
const leastErrors = 5
const leastRequests = 30

/** Whether there are more errors in the last hour than in the day before it. */
export class ErrorRise {
  readonly #requests = new Float64Array(slices)
  readonly #errors = new Float64Array(slices)
  #slice = Number.NEGATIVE_INFINITY

  note(at: number, isError: boolean): void {
    const slice = Math.floor(at / sliceMs)
    this.#advance(slice)
    // A request may end long after it came.
    if (slice <= this.#slice - slices) return
    const place = slice % slices
    this.#requests[place] = (this.#requests[place] as number) + 1
    if (isError) this.#errors[place] = (this.#errors[place] as number) + 1
  }

  /** The last hour's share of errors over that of the day before; null where they are few, or chance may explain it. */
  factor(at: number): number | null {
    this.#advance(Math.floor(at / sliceMs))
    const now = this.#share(0, recentSlices)
    const before = this.#share(recentSlices, slices)
    if (now.of < leastRequests || now.part < leastErrors || before.part === 0) return null
    if (shareDifferenceZ(now, before) < surelyDifferentZ) return null
    return now.part / now.of / (before.part / before.of)
  }

  /** Of slices by their age, the present one being 0. */
  #share(from: number, to: number): Share {
    let part = 0
    let of = 0
    for (let age = from; age < to; age++) {
      const place = (this.#slice - age + slices) % slices
      part += this.#errors[place] as number
      of += this.#requests[place] as number
    }
    return { part, of }
  }

  #advance(slice: number): void {
    for (let next = Math.max(this.#slice + 1, slice - slices + 1); next <= slice; next++) {
      this.#requests[next % slices] = 0
      this.#errors[next % slices] = 0
    }
    this.#slice = Math.max(this.#slice, slice)
  }
}
