import type { Column, ColumnName, RequestSource, Segment } from '../domain/columns.ts'

/**
 * Segments whose rows follow each other in time (undated ones last), ties in the order they were read. A log that is
 * in order already is streamed; any other is gathered and sorted first.
 */
export function* inTimeOrder<Name extends ColumnName>(
  source: RequestSource,
  names: readonly (Name | 'at')[],
): Generator<Segment<Name | 'at'>> {
  let ordered = knownOrder.get(source)
  if (ordered === undefined) {
    ordered = isOrdered(source)
    knownOrder.set(source, ordered)
  }
  if (ordered) yield* source.segments(names)
  else yield sorted(source, names)
}

/** Whether a source is in order does not change, and costs a pass to find out. */
const knownOrder = new WeakMap<RequestSource, boolean>()

function isOrdered(source: RequestSource): boolean {
  let last = Number.NEGATIVE_INFINITY
  for (const { at, length } of source.segments(['at'])) {
    for (let row = 0; row < length; row++) {
      const time = timeOf(at[row] as number)
      if (time < last) return false
      last = time
    }
  }
  return true
}

const timeOf = (at: number): number => (Number.isNaN(at) ? Number.POSITIVE_INFINITY : at)

function sorted<Name extends ColumnName>(
  source: RequestSource,
  names: readonly (Name | 'at')[],
): Segment<Name | 'at'> {
  const gathered = new Map<Name | 'at', Column>()
  let start = 0
  for (const segment of source.segments(names)) {
    for (const name of names) {
      const column = segment[name]
      let all = gathered.get(name)
      if (all === undefined) {
        all =
          column instanceof Uint32Array
            ? new Uint32Array(source.count)
            : new Float64Array(source.count)
        gathered.set(name, all)
      }
      all.set(column, start)
    }
    start += segment.length
  }
  const order = orderBy(gathered.get('at') as Column)
  for (const [name, column] of gathered) gathered.set(name, permuted(column, order))
  return { ...Object.fromEntries(gathered), length: source.count } as unknown as Segment<
    Name | 'at'
  >
}

function orderBy(at: Column): Uint32Array {
  const order = Uint32Array.from({ length: at.length }, (_, row) => row)
  return order.sort((a, b) => {
    const difference = timeOf(at[a] as number) - timeOf(at[b] as number)
    return Number.isNaN(difference) || difference === 0 ? a - b : difference
  })
}

function permuted(column: Column, order: Uint32Array): Column {
  const result =
    column instanceof Uint32Array ? new Uint32Array(column.length) : new Float64Array(column.length)
  for (let row = 0; row < order.length; row++) result[row] = column[order[row] as number] as number
  return result
}
