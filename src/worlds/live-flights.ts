import type { RequestId } from '../domain/receipt.ts'
import type { Answered, Asked, InFlight, MaybePromise } from '../domain/world.ts'

type Flight = {
  readonly id: RequestId
  readonly key: string
  /** Made when the first one waits for it. */
  waiting: Promise<Answered | null> | null
  tell: ((answered: Answered | null) => void) | null
}

/** An answer that is not there yet for whoever asked before it came. */
type Landed = { readonly id: RequestId; readonly key: string; readonly answered: Answered }

const sweptAtOnce = 4

/**
 * Calls under way, by key, so that identical requests share one. A call is gone when it has ended, but for those whose
 * answer is dated later than the last request: to a request in between it is still on its way.
 */
export class LiveFlights {
  /** By key, the last that has begun. */
  readonly #flights = new Map<string, Flight>()
  readonly #owned = new Map<Asked, Flight>()
  readonly #landed = new Map<string, Landed>()
  /** Requests that will begin unless a look-up finds an answer, which takes its time. */
  readonly #lookUps = new Map<string, Promise<unknown>>()

  /** Calls under way. */
  get count(): number {
    return this.#owned.size
  }

  /** Later where an identical request has yet to find out whether it begins. */
  find(key: string, at: number): MaybePromise<InFlight | null> {
    const lookUp = this.#lookUps.get(key)
    return lookUp === undefined ? this.#find(key, at) : lookUp.then(() => this.#find(key, at))
  }

  #find(key: string, at: number): InFlight | null {
    const flight = this.#flights.get(key)
    if (flight !== undefined) {
      flight.waiting ??= new Promise((resolve) => {
        flight.tell = resolve
      })
      return { id: flight.id, answered: flight.waiting }
    }
    const landed = this.#landed.get(key)
    return landed === undefined || landed.answered.at <= at ? null : landed
  }

  begin(key: string, asked: Asked): void {
    const flight: Flight = { id: asked.id, key, waiting: null, tell: null }
    this.#flights.set(key, flight)
    this.#owned.set(asked, flight)
    this.#landed.delete(key)
  }

  /** Says that a request is looked up until then, and begins at once where nothing is found. */
  awaitLookUp(key: string, found: Promise<unknown>): void {
    // Whoever has found nothing has begun by the next turn of the event loop.
    const turn = found.then(() => new Promise(setImmediate))
    this.#lookUps.set(key, turn)
    void turn.then(() => {
      if (this.#lookUps.get(key) === turn) this.#lookUps.delete(key)
    })
  }

  /** `at` is the moment of the last request. */
  end(asked: Asked, answered: Answered | null, at: number): void {
    const flight = this.#owned.get(asked)
    if (flight === undefined) return
    const { id, key } = flight
    this.#owned.delete(asked)
    if (this.#flights.get(key) === flight) {
      this.#flights.delete(key)
      if (answered !== null && answered.at > at) this.#landed.set(key, { id, key, answered })
    }
    flight.tell?.(answered)
  }

  /** Lets go of a few that have landed by then. */
  sweep(at: number): void {
    let left = sweptAtOnce
    for (const [key, { answered }] of this.#landed) {
      if (left-- === 0) return
      if (answered.at <= at) this.#landed.delete(key)
    }
  }

  /** Lets nobody join a call that has begun by now. */
  detach(): void {
    this.#flights.clear()
    this.#landed.clear()
  }
}
