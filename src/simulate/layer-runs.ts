import {
  type CacheInputs,
  type CacheOutcome,
  type CacheRun,
  type CacheRunner,
  openCacheRunner,
} from './cache-run.ts'
import { runGrid } from './grid-team.ts'

/** The layers of the response cache, in the order in which the engine asks them. */
export const cacheLayers = ['exact', 'coalesced', 'semantic'] as const
export type CacheLayerName = (typeof cacheLayers)[number]

const slotsOf = {
  exact: 'exactSlot',
  coalesced: 'flightSlot',
  semantic: 'semanticSlot',
} as const satisfies Record<CacheLayerName, keyof CacheInputs>

/** Runs of one policy with some of its cache layers; those at its own threshold are made once. */
export class LayerRuns {
  readonly #inputs: CacheInputs
  readonly #threshold: number
  readonly #none: Int32Array
  /** Layers that the policy has somewhere: the others make no difference. */
  readonly #used: readonly CacheLayerName[]
  readonly #outcomes = new Map<string, CacheOutcome>()
  #runner: CacheRunner | null = null
  #whole: CacheRun | null = null

  constructor(inputs: CacheInputs, threshold: number) {
    this.#inputs = inputs
    this.#threshold = threshold
    this.#none = new Int32Array(inputs.count).fill(-1)
    this.#used = cacheLayers.filter((layer) => inputs[slotsOf[layer]].some((slot) => slot !== -1))
  }

  /** At the policy's own threshold. */
  with(layers: ReadonlySet<string>): CacheOutcome {
    const on = this.#used.filter((layer) => layers.has(layer))
    const known = on.length === this.#used.length ? this.whole() : this.#outcomes.get(on.join())
    if (known !== undefined) return known
    const off = this.#used.filter((layer) => !on.includes(layer))
    const without = Object.fromEntries(off.map((layer) => [slotsOf[layer], this.#none]))
    const outcome = openCacheRunner({ ...this.#inputs, ...without }).outcome(this.#threshold)
    this.#outcomes.set(on.join(), outcome)
    return outcome
  }

  /** With every layer, at each of some thresholds: one at a time, since a thousand runs would not fit into memory. */
  grid(thresholds: readonly number[]): Iterable<CacheOutcome> {
    return runGrid(this.#inputs, thresholds)
  }

  /** With every layer that the policy has. */
  whole(threshold = this.#threshold): CacheRun {
    this.#runner ??= openCacheRunner(this.#inputs)
    // Nothing but the semantic layer asks for a threshold; runs at others would fill the memory, and each is looked at once.
    if (threshold !== this.#threshold && this.#used.includes('semantic'))
      return this.#runner.run(threshold)
    this.#whole ??= this.#runner.run(this.#threshold)
    return this.#whole
  }
}
