import type { Intent, Settled } from '../domain/journal.ts'
import type { GatewayStore } from '../store/gateway-store.ts'
import { sqliteCode } from '../store/sqlite-code.ts'
import { storeError } from '../store/store.ts'
import { Spool, type SpooledTurn, spoolPath } from './spool.ts'

/** How well the gateway can write down what it does. */
export type LedgerHealth = {
  /** `spooling`: a file keeps what the database does not take. `losing`: neither does. */
  readonly state: 'ok' | 'spooling' | 'losing'
  /** What the database, and the file, say; null where all is well. */
  readonly reason: string | null
  readonly spooledTurns: number
  readonly spooledBytes: number
  /** Since the start: begun and settled calls that are written down nowhere. */
  readonly lostEntries: number
  /** Since the start: other writes (answers kept, checkpoints) that the database refused. */
  readonly droppedWrites: number
  /** Lines of the spool that a crash had cut off. */
  readonly damagedLines: number
}

/** Something else to be written together with the entries up to `turn`. */
export type TurnWrite = (turn: number) => void

export type TurnWriterOptions = {
  /** What the spool may take of the disk; 64 MB by default. */
  readonly mostSpoolBytes?: number
}

/** Neither the database nor the spool takes a call that a hard budget has to count. */
export class UnwrittenError extends Error {}

/** Of the spool, in one transaction: what blocks the event loop for some ten milliseconds. */
const drainedBytes = 1 << 20
const firstRetryMs = 100
const longestRetryMs = 5_000
/** Other writes that wait for the database at most; later ones are dropped. */
const mostWaitingWrites = 10_000

/**
 * The one way into the gateway's database. What one turn of the event loop has to write shares a transaction, which is
 * committed before the next turn; what the database does not take goes to a spool until it does.
 */
export class TurnWriter {
  readonly #store: GatewayStore
  readonly #spool: Spool
  #turn: number
  #entries: string[] = []
  #writes: TurnWrite[] = []
  #soft: Deferred | null = null
  #hard: Deferred | null = null
  #scheduled: NodeJS.Immediate | null = null
  #refusal: string | null = null
  #spoolRefusal: string | null = null
  #retry: NodeJS.Timeout | null = null
  #retryMs = firstRetryMs
  #lostEntries = 0
  #droppedWrites = 0

  /** Brings what an earlier process left in the spool into the database first; throws where that is not possible. */
  constructor(store: GatewayStore, { mostSpoolBytes }: TurnWriterOptions = {}) {
    this.#store = store
    try {
      const { isDurable } = store
      this.#spool = new Spool(spoolPath(store.path), { isDurable, mostBytes: mostSpoolBytes })
      this.#turn = Math.max(store.newestTurn(), this.#spool.newestTurn())
      while (this.#spool.turns > 0) this.#drain()
    } catch (error) {
      throw storeError(error, store.path)
    }
  }

  /**
   * Resolves once the call is written down: nobody calls a model before. With `isHard` it rejects with an
   * `UnwrittenError` where that is impossible; else it is counted as lost.
   */
  begin(intent: Intent, { isHard = false }: { readonly isHard?: boolean } = {}): Promise<void> {
    this.#add(intent)
    if (isHard) {
      this.#hard ??= deferred()
      return this.#hard.promise
    }
    this.#soft ??= deferred()
    return this.#soft.promise
  }

  settle(settled: Settled): void {
    this.#add(settled)
  }

  /** Runs the work in the transaction of this turn, or of a later one where the database is in trouble. */
  write(work: TurnWrite): void {
    if (this.#writes.length >= mostWaitingWrites) this.#droppedWrites++
    else this.#writes.push(work)
    this.#schedule()
  }

  /** Commits at once what waits for the end of the turn. */
  flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    const [entries, soft, hard] = [this.#entries, this.#soft, this.#hard]
    this.#entries = []
    this.#soft = null
    this.#hard = null
    const refusal = entries.length > 0 ? this.#keep(entries) : this.#commitWrites()
    soft?.resolve()
    if (refusal === null) hard?.resolve()
    else hard?.reject(new UnwrittenError(`the call could not be written down: ${refusal}`))
  }

  health(): LedgerHealth {
    const { turns, bytes, damagedLines } = this.#spool
    return {
      state: this.#refusal === null ? 'ok' : this.#spoolRefusal === null ? 'spooling' : 'losing',
      reason:
        [this.#refusal, this.#spoolRefusal].filter((text) => text !== null).join('; ') || null,
      spooledTurns: turns,
      spooledBytes: bytes,
      lostEntries: this.#lostEntries,
      droppedWrites: this.#droppedWrites,
      damagedLines,
    }
  }

  /** Writes what is left; the next start brings in what the database does not take now. */
  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
    try {
      while (this.#spool.turns > 0) this.#drain()
      this.#refusal = null
    } catch {
      // It stays in the spool.
    }
    this.flush()
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#spool.close()
  }

  #add(entry: Intent | Settled): void {
    this.#entries.push(JSON.stringify(entry))
    this.#schedule()
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.flush())
  }

  /** Null when the entries are safe in the database or in the spool, else why not. */
  #keep(entries: readonly string[]): string | null {
    const turn = { turn: ++this.#turn, entries: `[${entries.join(',')}]` }
    if (this.#refusal === null && this.#commit(turn)) return null
    this.#spoolRefusal = this.#spool.write(turn)
    if (this.#spoolRefusal !== null) this.#lostEntries += entries.length
    return this.#spoolRefusal
  }

  /** True when the database took the turn, and with it the other writes where it takes those. */
  #commit({ turn, entries }: SpooledTurn): boolean {
    const append = () => this.#store.append(turn, entries)
    const refusal = this.#writes.length === 0 ? failureOf(append) : this.#commitAll(append)
    if (refusal !== null) this.#fail(refusal)
    return refusal === null
  }

  /** Entries and other writes together; without these where they may be all that is refused. */
  #commitAll(append: () => void): Error | null {
    const writes = this.#writes
    const refusal = failureOf(() =>
      this.#store.transaction(() => {
        append()
        for (const write of writes) write(this.#turn)
      }),
    )
    if (refusal !== null && (isBusy(refusal) || failureOf(append) !== null)) return refusal
    if (refusal !== null) this.#droppedWrites += writes.length
    this.#writes = []
    return null
  }

  #commitWrites(): null {
    if (this.#refusal !== null || this.#writes.length === 0) return null
    const refusal = this.#commitAll(() => {})
    if (refusal !== null) this.#fail(refusal)
    return null
  }

  #fail(error: Error): void {
    this.#refusal = error.message
    this.#retry ??= setTimeout(() => this.#tryAgain(), this.#retryMs).unref()
    this.#retryMs = Math.min(longestRetryMs, 2 * this.#retryMs)
  }

  /** Brings the spool into the database, a part a turn; what comes meanwhile queues up behind it. */
  #tryAgain(): void {
    this.#retry = null
    const refusal = failureOf(() => this.#drain())
    if (refusal !== null) this.#fail(refusal)
    else if (this.#spool.turns > 0) this.#retry = setTimeout(() => this.#tryAgain(), 0).unref()
    else {
      this.#refusal = null
      this.#spoolRefusal = null
      this.#retryMs = firstRetryMs
      if (this.#writes.length > 0) this.#schedule()
    }
  }

  #drain(): void {
    const turns = this.#spool.first(drainedBytes)
    if (turns.length === 0) return
    this.#store.transaction(() => {
      for (const { turn, entries } of turns) this.#store.append(turn, entries)
    })
    this.#spool.drop(turns.length)
  }
}

function failureOf(work: () => void): Error | null {
  try {
    work()
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const isBusy = (error: Error): boolean =>
  /SQLITE_BUSY|locked/.test(`${sqliteCode(error)} ${error.message}`)

type Deferred = {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

function deferred(): Deferred {
  let settle: Omit<Deferred, 'promise'> = { resolve: () => {}, reject: () => {} }
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle }
}
