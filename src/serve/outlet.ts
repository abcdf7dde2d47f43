import type { ServerResponse } from 'node:http'

/** The caller's end of a request: what has been said to them, and whether they are still there. */
export class Outlet {
  readonly #response: ServerResponse | null
  #hasBegun = false
  #isGone = false
  readonly #onGone: (() => void)[] = []
  #onDrain: (() => void) | null = null

  /** Null: nobody waits. */
  constructor(response: ServerResponse | null) {
    this.#response = response
    if (response === null) return
    response.once('close', () => this.#closed())
    // Whatever is written to a caller who has left is lost, and no mistake of ours.
    response.on('error', () => undefined)
    response.on('drain', () => this.#onDrain?.())
  }

  /** True once a byte is on its way: nobody else's answer may follow. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** True when the caller left before the end. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Each is called once when the caller leaves before the end; at once where they have. */
  onGone(run: () => void): void {
    if (this.#isGone) run()
    else this.#onGone.push(run)
  }

  onDrain(run: () => void): void {
    this.#onDrain = run
  }

  /** `headers`: names and values in turn. */
  begin(status: number, headers: readonly string[]): void {
    this.#hasBegun = true
    if (!this.#isGone) this.#response?.writeHead(status, headers as string[])
  }

  /** False: the caller reads more slowly than it is sent; wait for `onDrain`. */
  write(bytes: Buffer | string): boolean {
    return this.#isGone || this.#response === null || this.#response.write(bytes)
  }

  /** Bytes that the caller has yet to take. */
  get waiting(): number {
    return this.#response?.writableLength ?? 0
  }

  /** Breaks the connection: what was written and not taken is lost. */
  drop(): void {
    this.#response?.destroy()
  }

  end(bytes?: Buffer | string): void {
    if (this.#isGone) return
    if (bytes === undefined) this.#response?.end()
    else this.#response?.end(bytes)
  }

  #closed(): void {
    if (this.#response?.writableFinished === true) return
    this.#isGone = true
    this.#onDrain?.()
    for (const run of this.#onGone.splice(0)) run()
  }
}
