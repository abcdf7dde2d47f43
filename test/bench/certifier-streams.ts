import type { GridPoint } from '../../src/stats/certify.ts'
import type { EntryHits } from '../../src/stats/clustered-hits.ts'
import { type Random, randomFrom } from '../../src/stats/random.ts'

/**
 * How many entries served how many hits in the second half of CLINC150 (4,000 questions) at 0.85,
 * stored on a miss: 900 hits of 565 entries.
 */
const clincSizes: readonly (readonly [hits: number, entries: number])[] = [
  [1, 374],
  [2, 122],
  [3, 36],
  [4, 16],
  [5, 7],
  [6, 4],
  [7, 2],
  [8, 2],
  [9, 1],
  [12, 1],
]

export type StreamSetting = {
  /** Of wrong hits, in truth. */
  readonly rate: number
  /** Share of the spread that lies between entries: 0 is independent hits, 1 whole entries. */
  readonly intraclassCorrelation: number
  /** How many times as many entries as above. */
  readonly times: number
}

/** A single threshold whose entries each have a rate of their own, beta about the true rate. */
function syntheticStream(setting: StreamSetting, run: number): readonly GridPoint[] {
  const random = randomFrom(`stream ${run}`)
  const entries = clincSizes.flatMap(([hits, count]) =>
    Array.from({ length: count * setting.times }, () => drawEntry(hits, setting, random)),
  )
  const windowHits = entries.reduce((sum, { hits }) => sum + hits, 0)
  return [{ threshold: 0.85, windowHits, entries, savings: windowHits }]
}

/** Pólya's urn: each wrong hit makes the next likelier, which is the beta-binomial exactly. */
function drawEntry(hits: number, setting: StreamSetting, random: Random): EntryHits {
  const { rate, intraclassCorrelation: rho } = setting
  let wrong = 0
  for (let drawn = 0; drawn < hits; drawn++) {
    const chance = drawn === 0 ? rate : (rate * (1 - rho) + wrong * rho) / (1 - rho + drawn * rho)
    if (random() < chance) wrong++
  }
  return { hits, wrong }
}

/** Many such streams, each with its own seed. */
export const syntheticStreams = (setting: StreamSetting, runs: number): (readonly GridPoint[])[] =>
  Array.from({ length: runs }, (_, run) => syntheticStream(setting, run))
