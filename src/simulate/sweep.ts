import type { CacheOutcome } from './cache-run.ts'
import { certifyThreshold, nothingCertified } from './certify-threshold.ts'
import { cacheableIn } from './count-bypasses.ts'
import { hitQuality } from './hit-quality.ts'
import { judgeHits } from './judge-hits.ts'
import type { Certified, SweepPoint } from './result.ts'
import { spendAt } from './savings-by-layer.ts'
import type { Simulation } from './simulation.ts'
import { usd } from './spend.ts'

/** Rows that are always there to compare with: cautious, balanced and bold by the built-in embedder. */
const usualThresholds = [0.92, 0.85, 0.8]

/** The policy at every threshold of the grid. */
export function sweep(simulation: Simulation): readonly SweepPoint[] {
  const { history, options, prepared, runs, judge } = simulation
  if (options.found === null || !options.compiled.policy.cache.semantic.on) return []
  const cacheable = cacheableIn(prepared.bypasses, 'semantic')
  const baseline = options.baseline.spendNanoUsd
  const { threshold: asked } = options.compiled.policy.cache.semantic
  const points = [...new Set([...options.grid, asked, ...usualThresholds])].sort((a, b) => b - a)
  return Array.from(runs.grid(points), (run) => {
    const { threshold } = run
    const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
    const quality = hitQuality(judged, run.semanticHits, history.count)
    return {
      threshold,
      hits: run.semanticHits,
      hitRate: cacheable === 0 ? null : run.semanticHits / cacheable,
      wrongHits: quality.wrongHits,
      wrongPerHit: quality.wrongPerHit,
      interval: quality.interval,
      savingsUsd: usd(baseline - spendAt(simulation, run)),
    }
  })
}

/** The threshold that keeps a limit, or what is missing to prove one. */
export function certified(simulation: Simulation): Certified {
  const { options, runs, samples } = simulation
  const { limit, grid, found } = options
  const { on } = options.compiled.policy.cache.semantic
  if (limit === null || found === null || !on) return nothingCertified(limit, on)
  const savingOf = (run: CacheOutcome) => -Number(spendAt(simulation, run))
  return certifyThreshold(runs.grid(grid), samples, savingOf, limit)
}
