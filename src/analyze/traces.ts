import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { quantiles } from '../stats/quantile.ts'
import { KeyIndex, NumberList, partsOf } from './key-index.ts'
import type { PerTrace } from './result.ts'

const worstShown = 5

type TraceSums = {
  readonly calls: NumberList
  readonly cost: NumberList
  readonly firstSeq: NumberList
  readonly size: number
}

/** Cost and calls per trace, over requests that have one. */
export function perTraceOf(source: RequestSource, lookup: RequestLookup): PerTrace {
  const parts = partsOf(source.count)
  const costs: Float64Array[] = []
  const calls: Float64Array[] = []
  let worst: { seq: number; calls: number; cost: number }[] = []
  for (let part = 0; part < parts; part++) {
    const sums = sumTraces(source, part, parts)
    costs.push(sums.cost.values.slice(0, sums.size))
    calls.push(sums.calls.values.slice(0, sums.size))
    worst = worstOf([...worst, ...worstIn(sums)])
  }
  return summary(concat(costs), concat(calls), worst, lookup)
}

function sumTraces(source: RequestSource, part: number, parts: number): TraceSums {
  const index = new KeyIndex()
  const sums = { calls: new NumberList(), cost: new NumberList(), firstSeq: new NumberList() }
  for (const segment of source.segments(['seq', 'trace', 'cost'])) {
    for (let row = 0; row < segment.length; row++) {
      const trace = segment.trace[row] as number
      if (Number.isNaN(trace) || trace % parts !== part) continue
      const known = index.size
      const number = index.add(trace)
      if (number === known) sums.firstSeq.set(number, segment.seq[row] as number)
      const cost = segment.cost[row] as number
      sums.calls.add(number, 1)
      sums.cost.add(number, Number.isNaN(cost) ? 0 : cost)
    }
  }
  return { ...sums, size: index.size }
}

function worstIn({
  calls,
  cost,
  firstSeq,
  size,
}: TraceSums): { seq: number; calls: number; cost: number }[] {
  const order = Uint32Array.from({ length: size }, (_, index) => index)
  order.sort((a, b) => cost.get(b) - cost.get(a) || firstSeq.get(a) - firstSeq.get(b))
  return Array.from(order.subarray(0, worstShown), (trace) => ({
    seq: firstSeq.get(trace),
    calls: calls.get(trace),
    cost: cost.get(trace),
  }))
}

const worstOf = (traces: { seq: number; calls: number; cost: number }[]) =>
  traces.sort((a, b) => b.cost - a.cost || a.seq - b.seq).slice(0, worstShown)

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function summary(
  costs: Float64Array,
  calls: Float64Array,
  worst: readonly { seq: number; calls: number; cost: number }[],
  lookup: RequestLookup,
): PerTrace {
  const traces = costs.length
  if (traces === 0) {
    return {
      traces,
      meanUsd: null,
      p95Usd: null,
      maxUsd: null,
      callsMean: null,
      callsP95: null,
      callsMax: null,
      worst: [],
    }
  }
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  const [costP95 = 0, costMax = 0] = quantiles(costs, [0.95, 1])
  const [callsP95 = 0, callsMax = 0] = quantiles(calls, [0.95, 1])
  return {
    traces,
    meanUsd: usdOf(Math.round(sum(costs) / traces)),
    p95Usd: usdOf(costP95),
    maxUsd: usdOf(costMax),
    callsMean: sum(calls) / traces,
    callsP95,
    callsMax,
    worst: worst.map(({ seq, calls: count, cost }) => ({
      trace: lookup.textOf(seq, 'trace') ?? '',
      calls: count,
      costUsd: usdOf(cost),
    })),
  }
}
