import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadSetup } from './scan-team.ts'
import { Scanner, type ScanTask } from './scanner.ts'

/** A thread that does one task after the other and sends back the pairs of each. */
const setup = workerData as ThreadSetup
const scanner = new Scanner(setup, setup.thread)
parentPort?.on('message', (task: ScanTask) => {
  const pairs = scanner.run(task)
  parentPort?.postMessage(pairs, [pairs.buffer as ArrayBuffer])
})
