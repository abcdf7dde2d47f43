import type { Figures, Target } from './outcome.ts'
import { inBytes, inTime } from './table.ts'

/** The median against a limit. */
export const timeTarget = (words: string, { wallMs }: Figures, limitMs: number): Target => ({
  words,
  found: inTime(wallMs.median),
  met: wallMs.median < limitMs,
})

/** The highest of all runs against a limit; none where memory is unknown. */
export const memoryTarget = (
  words: string,
  { peakRssBytes }: Figures,
  limitBytes: number,
): readonly Target[] =>
  peakRssBytes === null
    ? []
    : [{ words, found: inBytes(peakRssBytes), met: peakRssBytes < limitBytes }]

/** Time limits by the name of what was measured. */
export const timeTargets = (
  figures: readonly Figures[],
  limitsMs: Readonly<Record<string, number>>,
): readonly Target[] =>
  figures.flatMap((one) => {
    const limitMs = limitsMs[one.name]
    return limitMs === undefined
      ? []
      : [timeTarget(`${one.name} below ${inTime(limitMs)}`, one, limitMs)]
  })
