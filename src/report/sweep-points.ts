import type { SimulateResult, SweepPoint } from '../simulate/result.ts'

/** All points of a short sweep; of a long one the asked, the certified and the usual thresholds. The strictest first. */
export function pointsToRead({ sweep, layers, certified }: SimulateResult): readonly SweepPoint[] {
  const sorted = sweep.toSorted((a, b) => b.threshold - a.threshold)
  if (sorted.length <= maxPoints) return sorted
  const wanted = [layers.semantic.threshold, certified.threshold, ...usualThresholds]
  const named = new Set(wanted.map((threshold) => pointAt(sorted, threshold)))
  const found = sorted.filter((point) => named.has(point))
  if (found.length >= 3) return found
  const step = (sorted.length - 1) / (maxPoints - 1)
  const even = new Set(Array.from({ length: maxPoints }, (_, index) => Math.round(index * step)))
  return sorted.filter((point, index) => even.has(index) || named.has(point))
}

/** The points of a plot from the lowest threshold to the highest: of more than it can show, one to each column. */
export function pointsToPlot(sweep: readonly SweepPoint[]): readonly SweepPoint[] {
  const sorted = sweep.toSorted((a, b) => a.threshold - b.threshold)
  const [first, last] = [sorted[0]?.threshold ?? 0, sorted.at(-1)?.threshold ?? 0]
  if (sorted.length <= plotColumns || first === last) return sorted
  const columnOf = ({ threshold }: SweepPoint) =>
    Math.floor(((plotColumns - 1) * (threshold - first)) / (last - first))
  return sorted.filter((point, index) => {
    const before = sorted[index - 1]
    return before === undefined || columnOf(before) !== columnOf(point)
  })
}

/** Thresholds are set to four decimals at most; float noise is no difference. */
export const isSameThreshold = (a: number | null, b: number): boolean =>
  a !== null && Math.abs(a - b) < 5e-5

/** The nearest point to a threshold, of those that are the same. */
function pointAt(points: readonly SweepPoint[], wanted: number | null): SweepPoint | undefined {
  const distance = ({ threshold }: SweepPoint) => Math.abs(threshold - (wanted ?? Number.NaN))
  return points
    .filter(({ threshold }) => isSameThreshold(wanted, threshold))
    .reduce<SweepPoint | undefined>(
      (best, point) => (best === undefined || distance(point) < distance(best) ? point : best),
      undefined,
    )
}

/** The cautious, balanced and bold thresholds of the built-in embedder (docs/embedders.md). */
const usualThresholds: readonly number[] = [0.92, 0.85, 0.8]

/** Longer lists belong in --format json. */
const maxPoints = 6
/** More than a terminal is wide, and points that a mouse can tell apart. */
const plotColumns = 240
