import type { History } from '../worlds/history.ts'

/** How many requests something holds of. */
export function countPlaces({ count }: History, holds: (place: number) => boolean): number {
  let places = 0
  for (let place = 0; place < count; place++) if (holds(place)) places++
  return places
}

/** Of the log; estimates where it had to be estimated. */
export function meanOutputTokens({ count, columns }: History): number {
  const sum = columns.outputTokens.reduce((total, tokens) => total + tokens, 0)
  return count === 0 ? 0 : Math.round(sum / count)
}
