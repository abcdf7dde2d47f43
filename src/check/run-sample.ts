import { hash53 } from '../domain/row.ts'
import type { RunSum, RunSums } from './run-sums.ts'
import type { RunSample } from './snapshot.ts'

/** As many as tell a rate or a percentile by some hundredths; a store may have millions. */
const mostRuns = 1_000
export const mostRequests = 2_000

/** The runs whose identities have the smallest hashes: any two snapshots keep the same ones of those they share. */
export const chosenRuns = (runs: readonly RunSum[], most: number): readonly RunSum[] =>
  runs.length <= most
    ? runs
    : runs
        .map((run) => ({ run, order: hash53(String(run.identity)) }))
        .sort((a, b) => a.order - b.order)
        .slice(0, most)
        .map(({ run }) => run)

/** Places in a line of `RunSample.runs`. */
export const place = {
  requests: 0,
  served: 1,
  errors: 2,
  unpriced: 3,
  inputTokens: 4,
  cacheReadTokens: 5,
  cacheWriteTokens: 6,
  outputTokens: 7,
  cost: 8,
} as const

/** The sample that a snapshot keeps. */
export function runSample({ runs, requests }: RunSums): RunSample {
  const numbers = new Map<RunSum, number>()
  const numberOf = (run: RunSum): number => {
    const known = numbers.get(run) ?? numbers.size
    numbers.set(run, known)
    return known
  }
  return {
    runs: chosenRuns(runs, mostRuns).map((run) => [
      run.requests,
      run.requests - run.calls,
      run.errors,
      run.unpriced,
      run.inputTokens,
      run.cacheReadTokens,
      run.cacheWriteTokens,
      run.outputTokens,
      run.cost,
    ]),
    requests: requests.map(({ run, cost, latencyMs }) => [
      numberOf(run),
      cost,
      Number.isNaN(latencyMs) ? null : latencyMs,
    ]),
  }
}
