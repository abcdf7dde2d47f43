import { spawnSync } from 'node:child_process'
import type { ServerCommand } from '../../support/server-process.ts'

type Argv = ServerCommand['argv']

/** The command that runs another one on a certain core. */
export type Pin = (argv: Argv) => Argv

export type Cores = {
  readonly measured: Pin
  readonly others: Pin
  /** False: this machine has one core, or no `taskset`, and everything runs where it likes. */
  readonly arePinned: boolean
}

const anywhere: Pin = (argv) => argv

export const anyCores: Cores = { measured: anywhere, others: anywhere, arePinned: false }

/** One core for the gateway under test, another for the load and the API behind it. */
export function readCores(): Cores {
  const { stdout, status } = spawnSync('taskset', ['-cp', String(process.pid)], {
    encoding: 'utf8',
  })
  const [first, second] = status === 0 ? coresIn(stdout) : []
  if (first === undefined || second === undefined) return anyCores
  const on =
    (core: number): Pin =>
    (argv) => ['taskset', '-c', String(core), ...argv]
  return { measured: on(first), others: on(second), arePinned: true }
}

/** "pid 1's current affinity list: 0,2-3" */
export function coresIn(text: string): readonly number[] {
  const list = text.split(':').at(-1)?.trim() ?? ''
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, from, to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at),
  )
}
