import type { CacheOutcome } from './cache-run.ts'
import {
  type CertifyPoint,
  certifyPointOf,
  certifyThreshold,
  nothingCertified,
} from './certify-threshold.ts'
import { cacheableIn } from './count-bypasses.ts'
import { hitQuality } from './hit-quality.ts'
import { judgeHits } from './judge-hits.ts'
import type { SimulateResult, SweepPoint } from './result.ts'
import { spendAt } from './savings-by-layer.ts'
import type { Simulation } from './simulation.ts'
import { usd } from './spend.ts'

/** Rows that are always there to compare with: cautious, balanced and bold by the built-in embedder. */
const usualThresholds = [0.92, 0.85, 0.8]

/**
 * The policy at every threshold of the grid, and the one of them that keeps the limit, or what is missing to prove one.
 * A run serves both and is let go: a grid of a thousand would not fit into memory.
 */
export function sweep(simulation: Simulation): Pick<SimulateResult, 'sweep' | 'certified'> {
  const { options, runs, samples } = simulation
  const { limit, grid, found } = options
  const { on, threshold: asked } = options.compiled.policy.cache.semantic
  if (found === null || !on) return { sweep: [], certified: nothingCertified(limit, on) }
  const certifies = new Set(limit === null ? [] : grid)
  const proofs: CertifyPoint[] = []
  const thresholds = [...new Set([...grid, asked, ...usualThresholds])].sort((a, b) => b - a)
  const points = Array.from(runs.grid(thresholds), (run) => {
    const spend = spendAt(simulation, run)
    if (certifies.has(run.threshold)) proofs.push(certifyPointOf(run, samples, -Number(spend)))
    return sweptOf(simulation, run, spend)
  })
  return {
    sweep: points,
    certified: limit === null ? nothingCertified(limit, on) : certifyThreshold(proofs, limit),
  }
}

function sweptOf(
  { history, options, prepared, judge }: Simulation,
  run: CacheOutcome,
  spend: bigint,
): SweepPoint {
  const cacheable = cacheableIn(prepared.bypasses, 'semantic')
  const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
  const quality = hitQuality(judged, run.semanticHits, history.count)
  return {
    threshold: run.threshold,
    hits: run.semanticHits,
    hitRate: cacheable === 0 ? null : run.semanticHits / cacheable,
    wrongHits: quality.wrongHits,
    wrongPerHit: quality.wrongPerHit,
    interval: quality.interval,
    savingsUsd: usd(options.baseline.spendNanoUsd - spend),
  }
}
