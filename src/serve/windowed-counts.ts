import type { WindowName } from './gateway-figures.ts'

export const minuteMs = 60_000

/** Minutes of the last hour, and ten-minute slots of the last day. */
const hourMinutes = 60
const slotMinutes = 10
const daySlots = 144

/** Room for counts: money and tokens need doubles, exact to 2^53 ($9.0 M); numbers of requests need less. */
type Room = (length: number) => Float64Array | Uint32Array

/**
 * So many counters over the last hour, the last day and since the start, in a fixed amount of memory: rings of minutes
 * and of ten minutes. `open` goes to a minute, which never lies before the last one; `add` counts there.
 */
export class WindowedCounts {
  readonly #minutes: SlotRing
  readonly #tens: SlotRing
  readonly #all: Float64Array
  #minute = -1
  #minuteOffset = 0
  #tenOffset = 0

  constructor(size: number, room: Room = (length) => new Float64Array(length)) {
    this.#minutes = new SlotRing(hourMinutes, size, room)
    this.#tens = new SlotRing(daySlots, size, room)
    this.#all = new Float64Array(size)
  }

  /** `minute` is counted from 1970. */
  open(minute: number): void {
    if (minute === this.#minute) return
    this.#minute = minute
    this.#minuteOffset = this.#minutes.offsetOf(minute)
    this.#tenOffset = this.#tens.offsetOf(Math.floor(minute / slotMinutes))
  }

  add(counter: number, amount: number): void {
    this.#minutes.add(this.#minuteOffset + counter, amount)
    this.#tens.add(this.#tenOffset + counter, amount)
    this.#all[counter] = (this.#all[counter] as number) + amount
  }

  /** Sums of a window that ends with `minute`. */
  sum(window: WindowName, minute: number): Float64Array {
    if (window === 'start') return this.#all.slice()
    if (window === 'hour') return this.#minutes.sum(minute)
    return this.#tens.sum(Math.floor(minute / slotMinutes))
  }

  /** The counts of one minute of the last hour. */
  ofMinute(minute: number): Float64Array {
    return this.#minutes.of(minute)
  }
}

/** When a window begins that ends at `now`, milliseconds since 1970. */
export function windowStart(window: WindowName, now: number, startedAt: number): number {
  if (window === 'start') return startedAt
  const minute = Math.floor(now / minuteMs)
  const first =
    window === 'hour'
      ? minute - hourMinutes + 1
      : (Math.floor(minute / slotMinutes) - daySlots + 1) * slotMinutes
  return Math.max(startedAt, first * minuteMs)
}

/** Slots by number, of which the newest are kept; each holds as many counters. */
export class SlotRing {
  readonly #slots: number
  readonly #size: number
  readonly #counts: Float64Array | Uint32Array
  /** Which slot each place holds. */
  readonly #held: Float64Array
  /** The sum of the slots before one, which do not change any more. */
  readonly #closed: Float64Array
  #closedBefore = -1

  constructor(slots: number, size: number, room: Room = (length) => new Float64Array(length)) {
    this.#slots = slots
    this.#size = size
    this.#counts = room(slots * size)
    this.#held = new Float64Array(slots).fill(-1)
    this.#closed = new Float64Array(size)
  }

  /** Where a slot's counters begin; what its place held before is forgotten. */
  offsetOf(slot: number): number {
    const place = slot % this.#slots
    const offset = place * this.#size
    if (this.#held[place] !== slot) {
      this.#counts.fill(0, offset, offset + this.#size)
      this.#held[place] = slot
    }
    return offset
  }

  add(index: number, amount: number): void {
    this.#counts[index] = (this.#counts[index] as number) + amount
  }

  set(index: number, value: number): void {
    this.#counts[index] = value
  }

  /** One counter of one slot; 0 where nothing was counted. */
  read(slot: number, counter: number): number {
    const place = slot % this.#slots
    return this.#held[place] === slot ? (this.#counts[place * this.#size + counter] as number) : 0
  }

  /** The counters of one slot. */
  of(slot: number): Float64Array {
    const sums = new Float64Array(this.#size)
    this.#addTo(sums, slot % this.#slots, slot, slot)
    return sums
  }

  /** All slots up to `slot`, of which only that one is still counted in. */
  sum(slot: number): Float64Array {
    if (this.#closedBefore !== slot) {
      this.#closed.fill(0)
      for (let place = 0; place < this.#slots; place++)
        this.#addTo(this.#closed, place, slot - this.#slots + 1, slot - 1)
      this.#closedBefore = slot
    }
    const sums = this.#closed.slice()
    this.#addTo(sums, slot % this.#slots, slot, slot)
    return sums
  }

  /** Adds what a place holds, where that is one of the slots from `first` to `last`. */
  #addTo(sums: Float64Array, place: number, first: number, last: number): void {
    const held = this.#held[place] as number
    if (held < Math.max(0, first) || held > last) return
    const offset = place * this.#size
    for (let counter = 0; counter < this.#size; counter++)
      sums[counter] = (sums[counter] as number) + (this.#counts[offset + counter] as number)
  }
}
