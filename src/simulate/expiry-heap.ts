/** When entries end, the earliest first: a binary heap. */
export class ExpiryHeap {
  readonly #at: number[] = []
  readonly #slot: number[] = []

  /** The earliest end; infinite when there is none. */
  get least(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY
  }

  add(at: number, slot: number): void {
    let place = this.#at.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if ((this.#at[parent] as number) <= at) break
      this.#set(place, this.#at[parent] as number, this.#slot[parent] as number)
      place = parent
    }
    this.#set(place, at, slot)
  }

  take(): { readonly at: number; readonly slot: number } {
    const taken = { at: this.#at[0] as number, slot: this.#slot[0] as number }
    const at = this.#at.pop() as number
    const slot = this.#slot.pop() as number
    if (this.#at.length > 0) this.#sink(at, slot)
    return taken
  }

  #sink(at: number, slot: number): void {
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#at.length) break
      if (
        child + 1 < this.#at.length &&
        (this.#at[child + 1] as number) < (this.#at[child] as number)
      )
        child++
      if ((this.#at[child] as number) >= at) break
      this.#set(place, this.#at[child] as number, this.#slot[child] as number)
      place = child
    }
    this.#set(place, at, slot)
  }

  #set(place: number, at: number, slot: number): void {
    this.#at[place] = at
    this.#slot[place] = slot
  }
}
