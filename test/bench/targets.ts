import type { Figures, Target } from './outcome.ts'
import { type Pace, referenceRowsPerSecond } from './pace.ts'
import { inBytes, inTime, inWhole } from './table.ts'

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

/**
 * The median against a limit in time that was set on another machine: on one that is half as quick, by floor (b) in the
 * same run, it is twice as long.
 */
export function pacedTarget(figures: Figures, limitMs: number, pace: Pace): Target {
  const hereMs = limitMs / pace.share
  const words = `${figures.name} below ${inTime(limitMs)} where floor (b) reaches ${inWhole(referenceRowsPerSecond)} rows/s; here ${inTime(hereMs)}`
  const target = timeTarget(words, figures, hereMs)
  return pace.isJudged ? target : { ...target, met: null }
}

/** Limits by the name of what was measured. */
export const pacedTargets = (
  figures: readonly Figures[],
  limitsMs: Readonly<Record<string, number>>,
  pace: Pace,
): readonly Target[] =>
  figures.flatMap((one) => {
    const limitMs = limitsMs[one.name]
    return limitMs === undefined ? [] : [pacedTarget(one, limitMs, pace)]
  })
