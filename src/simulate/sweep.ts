import {
  type CertifyPoint,
  certifyPointOf,
  certifyThreshold,
  nothingCertified,
} from './certify-threshold.ts'
import { hitQuality } from './hit-quality.ts'
import { judgeHits } from './judge-hits.ts'
import type { SimulateResult, SweepPoint } from './result.ts'
import { cacheSpendAt, spendAt } from './savings-by-layer.ts'
import type { Simulation } from './simulation.ts'
import { rangeOfSteps, sweepPoints, sweepSteps } from './sweep-steps.ts'

/** Rows that are always there to compare with: cautious, balanced and bold by the built-in embedder. */
const usualThresholds = [0.92, 0.85, 0.8]

/**
 * The policy at every threshold of the grid, where asked for at those between, and the one of the grid that keeps the
 * limit, or what is missing to prove one. A run serves both and is let go: a grid of a thousand would not fit into memory.
 */
export function sweep(simulation: Simulation): Pick<SimulateResult, 'sweep' | 'certified'> {
  const { history, options, runs, samples, judge } = simulation
  const { limit, grid, found } = options
  const { on, threshold: asked } = options.compiled.policy.cache.semantic
  if (found === null || !on) return { sweep: [], certified: nothingCertified(limit, on) }
  const range = rangeOfSteps(simulation)
  const certifies = new Set(limit === null ? [] : grid)
  const proofs: CertifyPoint[] = []
  const ends = range === null ? [] : [range.to]
  const thresholds = [...new Set([...grid, asked, ...usualThresholds, ...ends])]
  const pointOf = sweepPoints(simulation)
  const points = Array.from(runs.grid(thresholds.sort((a, b) => b - a)), (run) => {
    const spend = spendAt(simulation, run)
    if (certifies.has(run.threshold)) proofs.push(certifyPointOf(run, samples, -Number(spend)))
    const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
    const quality = hitQuality(judged, run.semanticHits, history.count)
    const shown = range === null ? spend : cacheSpendAt(simulation, run)
    const totals = { ...quality, hits: run.semanticHits }
    return pointOf(run.threshold, totals, options.baseline.spendNanoUsd - shown)
  })
  return {
    sweep: range === null ? points : merged(points, sweepSteps(simulation, range)),
    certified: limit === null ? nothingCertified(limit, on) : certifyThreshold(proofs, limit),
  }
}

/** From high to low, each threshold once. */
function merged(points: readonly SweepPoint[], steps: readonly SweepPoint[]): SweepPoint[] {
  const known = new Set(points.map(({ threshold }) => threshold))
  const others = steps.filter(({ threshold }) => !known.has(threshold))
  return [...points, ...others].sort((a, b) => b.threshold - a.threshold)
}
