import { hash53 } from '../domain/row.ts'
import type { RunSum, SampledRequest } from './run-sums.ts'
import type { RunSample } from './snapshot.ts'

/** As many as tell a rate or a percentile by some hundredths; a store may have millions. */
const mostRuns = 1_000
export const mostRequests = 2_000

/** By the hashes of their identities: any two samples from the front hold the same ones of the runs they share. */
export function inSampleOrder(runs: readonly RunSum[]): readonly RunSum[] {
  const hashes = Float64Array.from(runs, ({ identity }) => hash53(String(identity)))
  const order = Uint32Array.from(runs, (_, run) => run)
  order.sort((a, b) => (hashes[a] as number) - (hashes[b] as number))
  return Array.from(order, (run) => runs[run] as RunSum)
}

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

/** The sample that a snapshot keeps, of runs in the order of samples. */
export function runSample(
  ordered: readonly RunSum[],
  requests: readonly SampledRequest[],
): RunSample {
  const numbers = new Map<RunSum, number>()
  const numberOf = (run: RunSum): number => {
    const known = numbers.get(run) ?? numbers.size
    numbers.set(run, known)
    return known
  }
  return {
    runs: ordered
      .slice(0, mostRuns)
      .map((run) => [
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
      Number.isNaN(latencyMs) ? null : Math.round(latencyMs * 10) / 10,
    ]),
  }
}
