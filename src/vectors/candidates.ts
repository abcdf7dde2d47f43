/** How many of the most similar a walk shows at most: it must not take long where all entries are alike. */
export const mostWalked = 1024

/** Slots by their dot product with a query, the largest kept where there are too many. */
export class Candidates {
  #slots: number[] = []
  #dots: number[] = []
  #limit: number

  /** Takes what reaches a dot product of `limit`. */
  constructor(limit: number) {
    this.#limit = limit
  }

  offer(slot: number, dot: number): void {
    if (dot < this.#limit) return
    this.#slots.push(slot)
    this.#dots.push(dot)
    if (this.#slots.length === 2 * mostWalked) this.#narrow()
  }

  /** The largest dot product first. */
  falling(): readonly { readonly slot: number; readonly dot: number }[] {
    return this.#order()
      .slice(0, mostWalked)
      .map((at) => ({ slot: this.#slots[at] as number, dot: this.#dots[at] as number }))
  }

  #order(): readonly number[] {
    const dots = this.#dots
    return dots.map((_, at) => at).sort((a, b) => (dots[b] as number) - (dots[a] as number))
  }

  #narrow(): void {
    const kept = this.falling()
    this.#slots = kept.map(({ slot }) => slot)
    this.#dots = kept.map(({ dot }) => dot)
    // One as good as the last is one too many.
    this.#limit = (this.#dots.at(-1) as number) + 1
  }
}
