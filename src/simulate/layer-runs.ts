import { type CacheInputs, type CacheRun, runCache } from './cache-run.ts'

/** The layers of the response cache, in the order in which the engine asks them. */
export const cacheLayers = ['exact', 'coalesced', 'semantic'] as const
export type CacheLayerName = (typeof cacheLayers)[number]

/** Runs of one policy with some of its cache layers, each made once. */
export class LayerRuns {
  readonly #inputs: CacheInputs
  readonly #threshold: number
  readonly #none: Int32Array
  readonly #runs = new Map<string, CacheRun>()

  constructor(inputs: CacheInputs, threshold: number) {
    this.#inputs = inputs
    this.#threshold = threshold
    this.#none = new Int32Array(inputs.count).fill(-1)
  }

  with(layers: ReadonlySet<string>, threshold = this.#threshold): CacheRun {
    const on = cacheLayers.map((layer) => layers.has(layer))
    const key = `${on.join()} ${threshold}`
    const known = this.#runs.get(key)
    if (known !== undefined) return known
    const [exact, coalesced, semantic] = on
    const inputs = this.#inputs
    const run = runCache(
      {
        ...inputs,
        exactSlot: exact === true ? inputs.exactSlot : this.#none,
        flightSlot: coalesced === true ? inputs.flightSlot : this.#none,
        semanticSlot: semantic === true ? inputs.semanticSlot : this.#none,
      },
      threshold,
    )
    this.#runs.set(key, run)
    return run
  }

  /** With every layer that the policy has. */
  whole(threshold = this.#threshold): CacheRun {
    return this.with(new Set(cacheLayers), threshold)
  }
}
