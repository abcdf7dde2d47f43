import { quantiles } from './quantile.ts'

/** A line y = intercept + slope · x, between the smallest and the largest x that it was laid through. */
export type Line = {
  readonly intercept: number
  readonly slope: number
  readonly from: number
  readonly to: number
}

/**
 * Tukey's resistant line: its slope is that between the medians of the lower and the upper third by x, its height the
 * mean of the three thirds' medians. A few wild values do not move it. Level where x does not spread, or y would fall.
 * Null without points; `x` and `y` are of one length.
 */
export function resistantLine(x: Float64Array, y: Float64Array): Line | null {
  const count = x.length
  if (count === 0) return null
  const order = Uint32Array.from(x, (_, index) => index).sort(
    (a, b) => (x[a] as number) - (x[b] as number) || (y[a] as number) - (y[b] as number),
  )
  const [from, to] = [x[order[0] as number] as number, x[order[count - 1] as number] as number]
  const third = Math.floor(count / 3)
  const [low, middle, high] = [
    order.subarray(0, third),
    order.subarray(third, count - third),
    order.subarray(count - third),
  ].map((part) => ({ x: medianOf(x, part), y: medianOf(y, part) }))
  const level = { intercept: medianOf(y, order), slope: 0, from, to }
  if (low === undefined || middle === undefined || high === undefined || third === 0) return level
  const slope = (high.y - low.y) / (high.x - low.x)
  if (!(high.x > low.x) || slope <= 0) return level
  const heights = [low, middle, high].map((each) => each.y - slope * each.x)
  return { intercept: heights.reduce((sum, each) => sum + each, 0) / 3, slope, from, to }
}

/** The line's height, not drawn out beyond where it was laid. */
export const heightAt = ({ intercept, slope, from, to }: Line, x: number): number =>
  intercept + slope * Math.min(to, Math.max(from, x))

const medianOf = (values: Float64Array, places: Uint32Array): number =>
  quantiles(
    Float64Array.from(places, (place) => values[place] as number),
    [0.5],
  )[0] ?? Number.NaN
