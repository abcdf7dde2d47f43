import type { History } from '../worlds/history.ts'
import type { BeyondCache } from './beyond-cache.ts'
import type { PreparedCache } from './cache-inputs.ts'
import type { Judge } from './judge-hits.ts'
import type { LabelSamples } from './label-sample.ts'
import type { LayerRuns } from './layer-runs.ts'
import type { SimulateOptions } from './options.ts'

/** Everything that the parts of one simulation share. */
export type Simulation = {
  readonly history: History
  readonly options: SimulateOptions
  readonly prepared: PreparedCache
  readonly runs: LayerRuns
  readonly judge: Judge
  readonly samples: LabelSamples
  readonly beyond: BeyondCache
}
