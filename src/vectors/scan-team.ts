import { existsSync } from 'node:fs'
import { setImmediate as otherEvents } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Scanner, type ScanSetup, type ScanTask } from './scanner.ts'

/** What a thread is told at its start. */
export type ThreadSetup = ScanSetup & { readonly thread: number }

/** Called with the pairs of each task that is done. */
export type TakePairs = (task: ScanTask, pairs: Uint32Array) => void

/** Threads that share the tasks of a scan. */
export type ScanTeam = {
  /** How many threads beside this one are at work. */
  threads(): number
  /** Does all tasks, the last first; rejects with the signal's reason when it is aborted. */
  run(tasks: readonly ScanTask[], take: TakePairs, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

type Member = {
  /** Does one task; null from a thread that ended. */
  do(task: ScanTask): Promise<Uint32Array | null>
  hasEnded(): boolean
}

/** The threads' bundle: beside this one, or above it where this code landed in a shared chunk. */
const entry = ['./scan-worker.js', '../scan-worker.js']
  .map((name) => new URL(name, import.meta.url))
  .find((url) => existsSync(url))

/** Starts the threads. Where they cannot start, or break, this thread does the work. */
export function openScanTeam(setup: ScanSetup, threads: number): ScanTeam {
  const workers = startWorkers(setup, threads)
  const members = workers.map(memberOf)
  return {
    threads: () => members.filter((member) => !member.hasEnded()).length,
    run: (tasks, take, signal) => runTasks(setup, members, { tasks, take, signal }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function startWorkers(setup: ScanSetup, threads: number): readonly Worker[] {
  const url = entry
  if (url === undefined || threads < 2) return []
  const workers: Worker[] = []
  try {
    for (let thread = 0; thread < threads; thread++)
      workers.push(new Worker(url, { workerData: { ...setup, thread } satisfies ThreadSetup }))
  } catch {
    // No more threads for this process: those that started do.
  }
  return workers
}

/** A thread, which answers in the order it was asked. */
function memberOf(worker: Worker): Member {
  const waiting: ((pairs: Uint32Array | null) => void)[] = []
  let ended = false
  worker.on('message', (pairs: Uint32Array) => waiting.shift()?.(pairs))
  // Without it the error would be nobody's; the thread's end follows it.
  worker.on('error', () => {})
  worker.on('exit', () => {
    ended = true
    for (const answer of waiting.splice(0)) answer(null)
  })
  return {
    hasEnded: () => ended,
    do: (task) =>
      new Promise((answer) => {
        if (ended) return answer(null)
        waiting.push(answer)
        worker.postMessage(task)
      }),
  }
}

type Work = {
  readonly tasks: readonly ScanTask[]
  readonly take: TakePairs
  readonly signal: AbortSignal | undefined
}

async function runTasks(
  setup: ScanSetup,
  members: readonly Member[],
  { tasks, take, signal }: Work,
): Promise<void> {
  const queue = [...tasks]
  const share = async (member: Member): Promise<void> => {
    for (let task = queue.pop(); task !== undefined; task = queue.pop()) {
      const pairs = await member.do(task)
      signal?.throwIfAborted()
      // Another thread takes over what one that ended had begun.
      if (pairs === null) return void queue.push(task)
      take(task, pairs)
    }
  }
  signal?.throwIfAborted()
  // Two shares each, so that a thread need not wait while its last pairs are taken.
  await Promise.all(members.flatMap((member) => [share(member), share(member)]))
  if (queue.length > 0) await share(thisThread(setup))
}

/** Lets other events in between two tasks. */
function thisThread(setup: ScanSetup): Member {
  const scanner = new Scanner(setup, 0)
  return {
    hasEnded: () => false,
    do: async (task) => {
      await otherEvents()
      return scanner.run(task)
    },
  }
}
