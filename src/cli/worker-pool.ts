import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Batch } from '../domain/batch.ts'
import type { ReadPlan } from '../ingest/read-plan.ts'
import type { InputFlags } from './common-options.ts'

/** What a worker is told once: it opens the same price book and hashes with the same secret. */
export type WorkerSetup = {
  readonly secret: string
  readonly flags: InputFlags
  readonly env: Readonly<Record<string, string | undefined>>
}

export type ToWorker =
  | { readonly kind: 'read'; readonly job: number; readonly plan: ReadPlan }
  | { readonly kind: 'more'; readonly job: number }
  | { readonly kind: 'stop'; readonly job: number }
export type FromWorker =
  | { readonly kind: 'batch'; readonly job: number; readonly batch: Batch }
  | { readonly kind: 'end'; readonly job: number }
  | { readonly kind: 'error'; readonly job: number; readonly error: unknown }

/** Batches a worker may be ahead of the store, over all of its files: bounds the memory. */
export const batchesAhead = 3

/** The thread's bundle: beside this one, or above it where this code landed in a shared chunk. */
const entry = ['./ingest-worker.js', '../ingest-worker.js']
  .map((name) => new URL(name, import.meta.url))
  .find((url) => existsSync(url))

/** Threads that read files while this one stores what they read. */
export class WorkerPool {
  /** False where the sources run unbundled: the thread's own bundle is then missing. */
  static isAvailable(): boolean {
    return entry !== undefined
  }

  readonly #size: number
  readonly #setup: WorkerSetup
  readonly #workers: Worker[] = []
  readonly #inboxes = new Map<number, Inbox>()
  #jobs = 0

  constructor(size: number, setup: WorkerSetup) {
    this.#size = size
    this.#setup = setup
  }

  /** Starts reading at once; batches wait until they are asked for. */
  read(plan: ReadPlan): AsyncIterable<Batch> {
    const job = this.#jobs++
    const worker = this.#worker(job % this.#size)
    const inbox = new Inbox(() => worker.postMessage({ kind: 'more', job } satisfies ToWorker))
    this.#inboxes.set(job, inbox)
    worker.postMessage({ kind: 'read', job, plan } satisfies ToWorker)
    return this.#batches(job, inbox, worker)
  }

  /** Started when there is work for it. */
  #worker(number: number): Worker {
    const running = this.#workers[number]
    if (running !== undefined) return running
    const worker = new Worker(entry as URL, {
      workerData: this.#setup,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    worker.unref()
    worker.on('message', (message: FromWorker) => this.#inboxes.get(message.job)?.take(message))
    worker.on('error', (error) => {
      for (const inbox of this.#inboxes.values()) inbox.take({ kind: 'error', job: 0, error })
    })
    this.#workers[number] = worker
    return worker
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  async *#batches(job: number, inbox: Inbox, worker: Worker): AsyncGenerator<Batch> {
    try {
      for (let batch = await inbox.next(); batch !== null; batch = await inbox.next()) yield batch
    } finally {
      this.#inboxes.delete(job)
      worker.postMessage({ kind: 'stop', job } satisfies ToWorker)
    }
  }
}

/** Messages of one job, in order, for one reader. */
class Inbox {
  readonly #onTaken: () => void
  readonly #waiting: FromWorker[] = []
  #wake: (() => void) | null = null

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  take(message: FromWorker): void {
    this.#waiting.push(message)
    this.#wake?.()
  }

  /** The next batch, or null at the end. */
  async next(): Promise<Batch | null> {
    while (this.#waiting.length === 0) {
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
      this.#wake = null
    }
    const message = this.#waiting.shift() as FromWorker
    if (message.kind === 'error') throw message.error
    if (message.kind === 'end') return null
    this.#onTaken()
    return message.batch
  }
}
