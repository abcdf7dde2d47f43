import type { Column, ColumnName, RequestLookup, RequestSource } from '../domain/columns.ts'
import { SpendSum, usdOf } from '../domain/money.ts'
import { isTagField, profileValue, tagValue } from '../domain/profile-value.ts'
import { flag, type Profile } from '../domain/row.ts'
import { isKeyField, type KeyField } from '../domain/selection.ts'
import { type Calendar, isoDay, isoWeek } from '../worlds/calendar.ts'
import { KeyIndex } from './key-index.ts'
import { percentilesOfValues, perRequestOf } from './percentiles.ts'
import type { Group } from './result.ts'
import { costByClassUsd, costNames } from './totals.ts'

const sumNames = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
] as const

export type Groups = { readonly groups: readonly Group[]; readonly groupCount: number }

/** Requests grouped by one or two dimensions, dearest first; the first `top` groups with exact percentiles. */
export function groupBy(
  source: RequestSource,
  lookup: RequestLookup,
  calendar: Calendar,
  dimensions: readonly string[],
  top: number,
): Groups {
  if (dimensions.length === 0 || source.count === 0) return { groups: [], groupCount: 0 }
  const readers = dimensions.map((name) => dimensionOf(name, source.profiles, calendar, lookup))
  const { groupOfRow, firstSeq, firstParts, costs } = assignGroups(source, readers)
  const totals = costs.map((cost) => cost.total())
  const order = Array.from(totals.keys()).sort(
    (a, b) => compareBig(totals[b] ?? 0n, totals[a] ?? 0n) || a - b,
  )
  const chosen = order.slice(0, top)
  const slots = new Int32Array(costs.length).fill(-1)
  chosen.forEach((group, slot) => {
    slots[group] = slot
  })
  const sums = sumGroups(source, groupOfRow, slots, chosen.length)
  const spread = spreads(source, groupOfRow, slots, sums.requests)
  const all = totals.reduce((sum, total) => sum + total, 0n)
  const groups = chosen.map((group, slot): Group => {
    const labels = readers.map((reader, index) => [
      dimensions[index],
      reader.labelOf(firstParts[index]?.[group] ?? 0, firstSeq[group] ?? 0),
    ])
    const total = totals[group] ?? 0n
    return {
      ...sums.group(slot),
      ...spread(slot, total),
      by: Object.fromEntries(labels),
      ...costOf(total, all),
    } as Group
  })
  return { groups, groupCount: costs.length }
}

const costOf = (total: bigint, all: bigint) => ({
  costUsd: usdOf(total),
  costShare: all === 0n ? 0 : Number(total) / Number(all),
})

const compareBig = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** Turns rows of a segment into small numbers, equal for rows of equal value. */
type Dimension = {
  readonly column: ColumnName
  partOf(cell: number, seq: number, flags: number): number
  labelOf(part: number, seq: number): string | null
}

function dimensionOf(
  name: string,
  profiles: readonly Profile[],
  calendar: Calendar,
  lookup: RequestLookup,
): Dimension {
  if (isKeyField(name)) return keyDimension(name, lookup)
  if (name === 'hour' || name === 'day' || name === 'week' || name === 'month')
    return timeDimension(name, calendar)
  const labels: (string | null)[] = []
  const numbers = new Map<string | null, number>()
  const parts = profiles.map((profile) => {
    const value = profileValue(profile, name)
    if (!numbers.has(value)) numbers.set(value, labels.push(value) - 1)
    return numbers.get(value) ?? 0
  })
  const ownPart = (seq: number) => {
    const value = tagValue(lookup.extraOf(seq)['tags'], name)
    if (!numbers.has(value)) numbers.set(value, labels.push(value) - 1)
    return numbers.get(value) ?? 0
  }
  const mayBeOwn = isTagField(name)
  return {
    column: 'profile',
    partOf: (profile, seq, flags) =>
      mayBeOwn && (flags & flag.ownTags) !== 0 ? ownPart(seq) : (parts[profile] ?? 0),
    labelOf: (part) => labels[part] ?? null,
  }
}

function keyDimension(name: KeyField, lookup: RequestLookup): Dimension {
  const index = new KeyIndex()
  return {
    column: name,
    partOf: (key) => (Number.isNaN(key) ? 0 : index.add(key) + 1),
    labelOf: (part, seq) => (part === 0 ? null : lookup.textOf(seq, name)),
  }
}

function timeDimension(name: 'hour' | 'day' | 'week' | 'month', calendar: Calendar): Dimension {
  const labels: string[] = []
  const numbers = new Map<string, number>()
  const known = new Map<number, number>()
  const labelAt = (at: number): string => {
    if (name === 'hour') return calendar.hourOf(at)
    const day = calendar.dayOf(at)
    return name === 'day' ? isoDay(day) : name === 'week' ? isoWeek(day) : isoDay(day).slice(0, 7)
  }
  return {
    column: 'at',
    partOf(at) {
      if (Number.isNaN(at)) return 0
      const quarter = Math.floor(at / 900_000)
      let part = known.get(quarter)
      if (part === undefined) {
        const label = labelAt(at)
        part = numbers.get(label) ?? labels.push(label)
        numbers.set(label, part)
        known.set(quarter, part)
      }
      return part
    },
    labelOf: (part) => (part === 0 ? null : (labels[part - 1] ?? null)),
  }
}

type Assignment = {
  /** The group of each selected row, in order. */
  readonly groupOfRow: Uint32Array
  readonly firstSeq: readonly number[]
  /** Per dimension, the part of each group. */
  readonly firstParts: readonly (readonly number[])[]
  readonly costs: readonly SpendSum[]
}

/** The root of 2^53: parts below it, two of them fit into one exact number. */
const partSpan = 94_906_265

function assignGroups(source: RequestSource, dimensions: readonly Dimension[]): Assignment {
  const index = new KeyIndex()
  const groupOfRow = new Uint32Array(source.count)
  const firstSeq: number[] = []
  const firstParts: number[][] = dimensions.map(() => [])
  const costs: SpendSum[] = []
  const [first, second] = dimensions as [Dimension, Dimension | undefined]
  let position = 0
  const columns: ColumnName[] = [
    'seq',
    'cost',
    'flags',
    ...dimensions.map((dimension) => dimension.column),
  ]
  for (const segment of source.segments([...new Set(columns)])) {
    const cells = segment as unknown as { readonly [Name in ColumnName]: Column }
    const a = cells[first.column]
    const b = second === undefined ? undefined : cells[second.column]
    for (let row = 0; row < segment.length; row++) {
      const seq = cells.seq[row] as number
      const flags = cells.flags[row] as number
      const partA = first.partOf(a[row] as number, seq, flags)
      const partB =
        second === undefined || b === undefined ? 0 : second.partOf(b[row] as number, seq, flags)
      const group = index.add(partA * partSpan + partB)
      if (group === costs.length) {
        costs.push(new SpendSum())
        firstSeq.push(seq)
        firstParts[0]?.push(partA)
        firstParts[1]?.push(partB)
      }
      const cost = cells.cost[row] as number
      if (!Number.isNaN(cost)) costs[group]?.add(cost)
      groupOfRow[position++] = group
    }
  }
  return { groupOfRow, firstSeq, firstParts, costs }
}

type SumColumns = {
  readonly [Name in
    | 'profile'
    | 'flags'
    | (typeof sumNames)[number]
    | (typeof costNames)[number]]: Column
}
type GroupSums = { readonly requests: Uint32Array; group(slot: number): Partial<Group> }

function sumGroups(
  source: RequestSource,
  groupOfRow: Uint32Array,
  slots: Int32Array,
  count: number,
): GroupSums {
  const isError = source.profiles.map(({ status }) => status !== 'ok')
  const sums = sumNames.map(() => new Float64Array(count))
  const costs = costNames.map(() => Array.from({ length: count }, () => new SpendSum()))
  const requests = new Uint32Array(count)
  const errors = new Uint32Array(count)
  const unpriced = new Uint32Array(count)
  const addRow = (segment: SumColumns, row: number, slot: number) => {
    requests[slot] = (requests[slot] as number) + 1
    const isUnpriced = ((segment.flags[row] as number) & flag.unpriced) !== 0
    if (isUnpriced) unpriced[slot] = (unpriced[slot] as number) + 1
    const failed = isError[segment.profile[row] as number] === true
    if (failed) errors[slot] = (errors[slot] as number) + 1
    for (let index = 0; index < sumNames.length; index++) {
      const sum = sums[index] as Float64Array
      sum[slot] = (sum[slot] as number) + (segment[sumNames[index] ?? 'inputTokens'][row] as number)
    }
    for (let index = 0; index < costNames.length; index++) {
      const cell = segment[costNames[index] as (typeof costNames)[number]][row] as number
      if (!Number.isNaN(cell)) costs[index]?.[slot]?.add(cell)
    }
  }
  let position = 0
  for (const segment of source.segments(['profile', 'flags', ...sumNames, ...costNames])) {
    for (let row = 0; row < segment.length; row++) {
      const slot = slots[groupOfRow[position++] as number] as number
      if (slot >= 0) addRow(segment, row, slot)
    }
  }
  const sumOf = (name: (typeof sumNames)[number], slot: number) =>
    sums[sumNames.indexOf(name)]?.[slot] ?? 0
  return {
    requests,
    group: (slot) => ({
      requests: requests[slot] ?? 0,
      costByClass: costByClassUsd(costs.map((classes) => classes[slot]?.total() ?? 0n)),
      inputTokens: sumOf('inputTokens', slot),
      cacheReadTokens: sumOf('cacheReadTokens', slot),
      cacheWriteTokens: sumOf('cacheWrite5mTokens', slot) + sumOf('cacheWrite1hTokens', slot),
      outputTokens: sumOf('outputTokens', slot),
      errors: errors[slot] ?? 0,
      unpricedRequests: unpriced[slot] ?? 0,
    }),
  }
}

/** Exact percentiles per group: values are laid out group by group, then selected in place. */
function spreads(
  source: RequestSource,
  groupOfRow: Uint32Array,
  slots: Int32Array,
  requests: Uint32Array,
): (slot: number, total: bigint) => Partial<Group> {
  const costs = layOut(source, 'cost', groupOfRow, slots, requests)
  const latencies = layOut(source, 'latencyMs', groupOfRow, slots, requests)
  const firstTokens = layOut(source, 'firstTokenMs', groupOfRow, slots, requests)
  return (slot, total) => {
    const { p50, p95 } = percentilesOfValues(firstTokens(slot))
    return {
      perRequest: perRequestOf(costs(slot), total),
      latencyMs: percentilesOfValues(latencies(slot)),
      firstTokenMs: { p50, p95 },
    }
  }
}

function layOut(
  source: RequestSource,
  name: ColumnName,
  groupOfRow: Uint32Array,
  slots: Int32Array,
  requests: Uint32Array,
): (slot: number) => Float64Array {
  const starts = new Uint32Array(requests.length + 1)
  requests.forEach((count, slot) => {
    starts[slot + 1] = (starts[slot] as number) + count
  })
  const ends = starts.slice(0, requests.length)
  const values = new Float64Array(starts[requests.length] ?? 0)
  let position = 0
  for (const segment of source.segments([name])) {
    const column = segment[name]
    for (let row = 0; row < segment.length; row++) {
      const slot = slots[groupOfRow[position++] as number] as number
      const value = column[row] as number
      if (slot < 0 || Number.isNaN(value)) continue
      const end = ends[slot] as number
      values[end] = value
      ends[slot] = end + 1
    }
  }
  return (slot) => values.subarray(starts[slot], ends[slot])
}
