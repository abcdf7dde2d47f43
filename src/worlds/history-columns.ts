import type { Column, RequestSource } from '../domain/columns.ts'

/** What a history takes of the columns. */
const names = [
  'seq',
  'at',
  'latencyMs',
  'profile',
  'flags',
  'user',
  'session',
  'trace',
  'exactKey',
  'questionKey',
  'promptTip',
  'stepKey',
  'systemKey',
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'cost',
  'costTools',
  'price',
] as const
type Name = (typeof names)[number]

/** One array a column, requests in order. */
export type Columns = { readonly [Each in Name]: Float64Array }

/** All selected requests by time, ties in the order they were read; undated ones last, unless none has a time. */
export function columnsInOrder(source: RequestSource): {
  readonly columns: Columns
  readonly hasTimes: boolean
} {
  const gathered = gather(source)
  const hasTimes = gathered.at.some((at) => !Number.isNaN(at))
  if (!hasTimes) gathered.at.fill(0)
  const { at, seq } = gathered
  const order = Uint32Array.from(at, (_, place) => place)
  const timeAt = (place: number): number => {
    const time = at[place] as number
    return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time
  }
  if (!isOrdered(order, timeAt)) {
    order.sort((a, b) => {
      const [before, after] = [timeAt(a), timeAt(b)]
      return before < after ? -1 : before > after ? 1 : (seq[a] as number) - (seq[b] as number)
    })
    for (const name of names) {
      const column = gathered[name]
      gathered[name] = Float64Array.from(order, (place) => column[place] as number)
    }
  }
  return { columns: gathered, hasTimes }
}

function isOrdered(order: Uint32Array, timeAt: (place: number) => number): boolean {
  for (let place = 1; place < order.length; place++)
    if (timeAt(place) < timeAt(place - 1)) return false
  return true
}

function gather(source: RequestSource): { [Each in Name]: Float64Array } {
  const gathered = Object.fromEntries(
    names.map((name) => [name, new Float64Array(source.count)]),
  ) as { [Each in Name]: Float64Array }
  let from = 0
  for (const segment of source.segments(names)) {
    for (const name of names) gathered[name].set(cellsOf(segment[name], segment.length), from)
    from += segment.length
  }
  return gathered
}

const cellsOf = (column: Column, length: number): Column => column.subarray(0, length)
