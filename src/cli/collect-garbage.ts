import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects all garbage now, in a process that was not started with `--expose-gc`. Takes tens of milliseconds. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

/**
 * Lets the heap grow by a tenth of what lives before garbage is collected, in place of several times as much: for work
 * whose pace others set. Holds for the rest of the process.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=10')
}
