import type { Range } from './outcome.ts'

/** Lowest, middle and highest of at least one value; of an even number the mean of the two in the middle. */
export function rangeOf(values: readonly number[]): Range {
  const sorted = [...values].sort((left, right) => left - right)
  const upper = sorted[sorted.length >> 1]
  const lower = sorted[(sorted.length - 1) >> 1]
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (upper === undefined || lower === undefined || min === undefined || max === undefined)
    throw new Error('a range of no values')
  return { min, median: (lower + upper) / 2, max }
}

/** The median, or null where a value is missing. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 || known.length < values.length ? null : rangeOf(known).median
}

/** The highest, or null where a value is missing. */
export function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 || known.length < values.length ? null : Math.max(...known)
}
