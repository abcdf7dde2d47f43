import { type CacheInputs, type CacheRun, type CacheRunner, openCacheRunner } from './cache-run.ts'

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
  readonly #runners = new Map<string, CacheRunner>()
  readonly #runs = new Map<string, CacheRun>()

  constructor(inputs: CacheInputs, threshold: number) {
    this.#inputs = inputs
    this.#threshold = threshold
    this.#none = new Int32Array(inputs.count).fill(-1)
  }

  with(layers: ReadonlySet<string>, threshold = this.#threshold): CacheRun {
    const key = cacheLayers.filter((layer) => layers.has(layer)).join(' ')
    // A sweep of many thresholds would fill the memory with runs that are looked at once.
    if (threshold !== this.#threshold) return this.#runner(key, layers).run(threshold)
    const known = this.#runs.get(key)
    if (known !== undefined) return known
    const run = this.#runner(key, layers).run(threshold)
    this.#runs.set(key, run)
    return run
  }

  /** With every layer that the policy has. */
  whole(threshold = this.#threshold): CacheRun {
    return this.with(new Set(cacheLayers), threshold)
  }

  #runner(key: string, layers: ReadonlySet<string>): CacheRunner {
    const known = this.#runners.get(key)
    if (known !== undefined) return known
    const inputs = this.#inputs
    const runner = openCacheRunner({
      ...inputs,
      exactSlot: layers.has('exact') ? inputs.exactSlot : this.#none,
      flightSlot: layers.has('coalesced') ? inputs.flightSlot : this.#none,
      semanticSlot: layers.has('semantic') ? inputs.semanticSlot : this.#none,
    })
    this.#runners.set(key, runner)
    return runner
  }
}
