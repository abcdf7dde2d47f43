/** int16 rows behind each other. */
export type Rows16 = { readonly rows: Int16Array; readonly width: number; readonly count: number }

/** Two thousand pairs, and as many rows as a scan takes together. */
const sampleRows = 64
/** Heads are whole vectors of eight components. */
const step = 8
/** Pairs that are looked at together: all are looked at to the end when one has to be. */
const together = 8
/** What adding up eight sums once more takes, in components looked at. */
const checkCost = 16

/**
 * How many components to look at before pairs are given up. Of two rows the rest adds no more than the product of its
 * lengths (Cauchy–Schwarz), so that most pairs are known early to stay below a limit, and none that reaches it is lost.
 * Chosen on the pairs of some rows; the whole width where looking twice would not pay.
 */
export function chooseHead(rows16: Rows16, limit: number): number {
  const { width, count } = rows16
  const sample = Array.from({ length: Math.min(count, sampleRows) }, (_, n) =>
    Math.floor((n * count) / Math.min(count, sampleRows)),
  )
  const goesOn = shareGoingOn(rows16, sample, limit)
  let best = { head: width, cost: width }
  for (const [at, share] of goesOn.entries()) {
    const head = at * step
    const cost = head + checkCost + (1 - (1 - share) ** together) * (width - head)
    if (head > 0 && cost < best.cost) best = { head, cost }
  }
  return best.head
}

/** For heads of 0, 8, 16 … components, how many of the sample's pairs they leave over. */
function shareGoingOn(rows16: Rows16, sample: readonly number[], limit: number): Float64Array {
  const steps = rows16.width / step
  const longestTails = Float64Array.from({ length: steps }, (_, at) =>
    Math.max(...sample.map((row) => tailLength(rows16, row, at * step))),
  )
  const shares = new Float64Array(steps)
  const pairs = (sample.length * (sample.length - 1)) / 2
  for (const [n, a] of sample.entries()) {
    for (const b of sample.slice(0, n)) {
      let dot = 0
      for (let at = 0; at < steps; at++) {
        const tail = longestTails[at] as number
        if (dot >= limit - tail * tail) shares[at] = (shares[at] as number) + 1 / pairs
        dot += dotOfStep(rows16, a, b, at)
      }
    }
  }
  return shares
}

function dotOfStep({ rows, width }: Rows16, a: number, b: number, at: number): number {
  let dot = 0
  for (let k = at * step; k < (at + 1) * step; k++)
    dot += (rows[a * width + k] as number) * (rows[b * width + k] as number)
  return dot
}

/** For each row the length of what a head leaves over, rounded up. */
export const tailLengths = (rows16: Rows16, head: number): Float32Array =>
  Float32Array.from({ length: rows16.count }, (_, row) => tailLength(rows16, row, head) * roundUp)

/** More than float32 rounds off. */
const roundUp = 1 + 2 ** -22

function tailLength({ rows, width }: Rows16, row: number, head: number): number {
  let sum = 0
  for (let k = row * width + head; k < (row + 1) * width; k++) sum += (rows[k] as number) ** 2
  return Math.sqrt(sum)
}
