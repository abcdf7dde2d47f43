/** One character per column, the largest value a full block; null is a gap. Fits `width` columns. */
export function sparkline(
  values: readonly (number | null)[],
  options: { readonly width: number; readonly unicode: boolean },
): string {
  const columns = resample(values, options.width)
  const levels = options.unicode ? '▁▂▃▄▅▆▇█' : '_.:-=+*#'
  const largest = Math.max(0, ...columns.map((value) => value ?? 0))
  const repeat = columns.length === 0 ? 0 : Math.max(1, Math.floor(options.width / columns.length))
  return columns
    .map((value) => (value === null ? ' ' : (levels[levelOf(value, largest)] ?? '')))
    .map((sign) => sign.repeat(Math.min(repeat, maxColumnsPerValue)))
    .join('')
}

/** A bar of `share` (0–1) of `width` columns in eighths, filled up with spaces. */
export function bar(share: number, width: number, unicode: boolean): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const shown = share > 0 && width > 0 ? Math.max(1, eighths) : eighths
  if (!unicode)
    return '#'.repeat(shown === 0 ? 0 : Math.max(1, Math.round(shown / 8))).padEnd(width)
  const partial = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][shown % 8] ?? ''
  return ('█'.repeat(Math.floor(shown / 8)) + partial).padEnd(width)
}

/**
 * How many of `width` columns each part of a whole gets: in proportion, the remainder to those who
 * lose most by rounding, one at least for what is not zero. Adds up to `width` where anything is.
 */
export function divideColumns(parts: readonly number[], width: number): readonly number[] {
  const sizes = parts.map((part) => Math.max(0, part))
  const sum = sizes.reduce((total, size) => total + size, 0)
  if (sum === 0) return sizes.map(() => 0)
  const exact = sizes.map((size) => (size / sum) * width)
  const columns = exact.map((size, index) =>
    sizes[index] === 0 ? 0 : Math.max(1, Math.floor(size)),
  )
  for (let left = width - columns.reduce((total, each) => total + each, 0); left !== 0; ) {
    const step = Math.sign(left)
    const index = neediest(exact, columns, step)
    if (index < 0) break
    columns[index] = (columns[index] ?? 0) + step
    left -= step
  }
  return columns
}

/** The part that a column more (or, with step -1, less) brings nearest to its exact size. */
function neediest(exact: readonly number[], columns: readonly number[], step: number): number {
  let best = -1
  let bestGap = Number.NEGATIVE_INFINITY
  exact.forEach((size, index) => {
    const has = columns[index] ?? 0
    if (size === 0 || (step < 0 && has <= 1)) return
    const gap = (size - has) * step
    if (gap > bestGap) {
      best = index
      bestGap = gap
    }
  })
  return best
}

/** A day drawn wider than this reads as a block, not as a line. */
const maxColumnsPerValue = 3

function levelOf(value: number, largest: number): number {
  if (largest === 0 || value <= 0) return 0
  return Math.min(7, Math.floor((value / largest) * 7.999))
}

/** At most `width` values; where several share a column the largest shows, so that no peak is lost. */
function resample(values: readonly (number | null)[], width: number): readonly (number | null)[] {
  if (values.length <= width || width <= 0) return width <= 0 ? [] : values
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width)
    const to = Math.floor(((column + 1) * values.length) / width)
    const known = values.slice(from, to).filter((value) => value !== null)
    return known.length === 0 ? null : Math.max(...known)
  })
}
