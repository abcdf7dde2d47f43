import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import type { DearRequest } from './diff.ts'

/** More of one cell are never listed. */
const mostOfCell = 10
const columns = ['seq', 'profile', 'at', 'cost'] as const

type Found = { readonly seq: number; readonly at: number; readonly cost: number }

/** The dearest requests of each provider, model and feature. */
export function dearRequests(source: RequestSource, lookup: RequestLookup): readonly DearRequest[] {
  const names = source.profiles.map(({ provider, model, feature }) =>
    JSON.stringify([provider, model, feature]),
  )
  const byCell = new Map<string, Dearest>()
  for (const segment of source.segments(columns)) {
    for (let row = 0; row < segment.length; row++) {
      const name = names[segment.profile[row] as number] ?? ''
      const dearest = byCell.get(name) ?? new Dearest()
      byCell.set(name, dearest)
      dearest.add(orZero(segment.cost[row]), () => ({
        seq: segment.seq[row] as number,
        at: segment.at[row] as number,
        cost: orZero(segment.cost[row]),
      }))
    }
  }
  return [...byCell].flatMap(([name, dearest]) => {
    const [provider, model, feature] = JSON.parse(name) as readonly (string | null)[]
    return dearest.found.map(({ seq, at, cost }) => ({
      provider: provider ?? null,
      model: model ?? null,
      feature: feature ?? null,
      id: lookup.textOf(seq, 'id') ?? `seq:${seq}`,
      at: Number.isNaN(at) ? null : new Date(at).toISOString(),
      costNanoUsd: cost,
      otherNanoUsd: null,
    }))
  })
}

/** Keeps the dearest of what it is shown, the first of equals. */
class Dearest {
  readonly found: Found[] = []
  #least = 0

  add(cost: number, make: () => Found): void {
    if (cost <= this.#least) return
    this.found.push(make())
    this.found.sort((a, b) => b.cost - a.cost)
    if (this.found.length <= mostOfCell) return
    this.found.pop()
    this.#least = this.found.at(-1)?.cost ?? 0
  }
}
