import { mix } from './mix.ts'
import type { NeighbourRows } from './pair-list.ts'
import type { ScanTask } from './scanner.ts'

/** True pairs that a look at all rows found, and how many of them the search by hash found as well. */
export type RecallSample = { readonly truePairs: number; readonly found: number }

/** All found, so many true pairs prove a recall of 99.9 % at 95 %: ln 0.05 / ln 0.999 is 2,995. */
const wantedPairs = 3000
/** Of a thousand rows, so many are compared with all others at most: a hundredth of an exact search. */
const perThousand = 10
const fewestRows = 256
const rowsPerLook = 8
/** Looks between two counts: two for each of many threads. */
const looksAtOnce = 16

/** Looks at some rows, chosen at random and the same in every run, until there are enough true pairs. */
export async function sampleRecall(
  rowCount: number,
  found: NeighbourRows,
  look: (
    tasks: readonly ScanTask[],
    take: (later: number, earlier: number) => void,
  ) => Promise<void>,
): Promise<RecallSample> {
  const most = Math.min(rowCount, Math.max(fewestRows, (rowCount * perThousand) / 1000))
  const looks = shuffledLooks(rowCount).slice(0, Math.ceil(most / rowsPerLook))
  const counted = { truePairs: 0, found: 0 }
  for (let n = 0; n < looks.length && counted.truePairs < wantedPairs; n += looksAtOnce) {
    await look(looks.slice(n, n + looksAtOnce), (later, earlier) => {
      counted.truePairs++
      if (hasPair(found, later, earlier)) counted.found++
    })
  }
  return counted
}

/** Some rows behind each other make a look: all that they are compared with passes through the processor once. */
function shuffledLooks(rowCount: number): readonly ScanTask[] {
  return Array.from({ length: Math.ceil(rowCount / rowsPerLook) }, (_, n) => n * rowsPerLook)
    .sort((a, b) => mix(a) - mix(b))
    .map((from) => ({ kind: 'scan', from, to: Math.min(rowCount, from + rowsPerLook) }))
}

function hasPair({ offsets, neighbours }: NeighbourRows, later: number, earlier: number): boolean {
  let low = offsets[later] as number
  let high = offsets[later + 1] as number
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((neighbours[middle] as number) < earlier) low = middle + 1
    else high = middle
  }
  return low < (offsets[later + 1] as number) && neighbours[low] === earlier
}
