import { parentPort, workerData } from 'node:worker_threads'
import type { PackedRows } from '../domain/packed-rows.ts'
import { readPlanned } from '../ingest/read-plan.ts'
import { ingestPorts } from './ingest-ports.ts'
import { openRunPrices } from './price-book.ts'
import { batchesAhead, type FromWorker, type ToWorker, type WorkerSetup } from './worker-pool.ts'

/** A thread that reads files into batches, one file after the other, a few batches ahead of who stores them. */
const { secret, flags, env } = workerData as WorkerSetup
const ports = ingestPorts(secret, await openRunPrices(flags, { env }))
const queue: Extract<ToWorker, { kind: 'read' }>[] = []
const stopped = new Set<number>()
let ahead = 0
let resume: (() => void) | null = null
let running = false

parentPort?.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'read':
      queue.push(message)
      void work()
      return
    case 'more':
      ahead--
      resume?.()
      return
    case 'stop':
      stopped.add(message.job)
      resume?.()
  }
})

async function work(): Promise<void> {
  if (running) return
  running = true
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await readOne(next)
  running = false
}

async function readOne({ job, plan }: Extract<ToWorker, { kind: 'read' }>): Promise<void> {
  try {
    for await (const batch of readPlanned(plan, ports)) {
      if (stopped.has(job)) return
      ahead++
      send({ kind: 'batch', job, batch }, [bufferOf(batch.requests), bufferOf(batch.messages)])
      while (ahead >= batchesAhead && !stopped.has(job)) await oneTaken()
    }
    send({ kind: 'end', job })
  } catch (error) {
    send({ kind: 'error', job, error })
  }
}

const oneTaken = (): Promise<void> =>
  new Promise((wake) => {
    resume = () => {
      resume = null
      wake()
    }
  })

const send = (message: FromWorker, moved: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, moved)

const bufferOf = ({ numbers }: PackedRows): ArrayBuffer => numbers.buffer as ArrayBuffer
