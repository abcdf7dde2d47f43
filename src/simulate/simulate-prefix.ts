import { SpendSum, usdOf } from '../domain/money.ts'
import { totalInputTokens, type Usage } from '../domain/usage.ts'
import { type BlockPool, openBlockPool } from '../engine/prefix-pool.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import type { Policy } from '../policy/policy.ts'
import { evidenceOfHistory } from '../worlds/evidence-answers.ts'
import type { History } from '../worlds/history.ts'
import { type HistoryPrefix, openHistoryPrefix, withoutReads } from '../worlds/history-prefix.ts'
import { HistoryTargets, loggedTarget } from '../worlds/history-targets.ts'
import { type CostOf, tokenRatios } from '../worlds/model-costs.ts'
import { type PromptAt, prefixPrompts } from '../worlds/prefix-prompts.ts'
import type { PrefixLayer } from './result.ts'

/** Which requests go to a model, and to which. */
export type Calls = {
  /** 1 where a model is asked; null: everywhere. */
  readonly reaches: Uint8Array | null
  /** The target of each request as a number of `targets`; -1, or null for all: the model of the log. */
  readonly targetOf: Int32Array | null
  readonly targets: readonly string[]
}

/** Every request at its own model. */
export const loggedCalls: Calls = { reaches: null, targetOf: null, targets: [] }

export type PrefixOptions = {
  readonly costOf: CostOf
  readonly calls: Calls
  readonly evidence?: Evidence | null
}

/** What the calls of a history come to under a policy's prompt caching. */
export type PrefixSimulation = {
  readonly layer: PrefixLayer
  /** By place; NaN where unpriced, 0 where no model is asked. */
  readonly costNanoUsd: Float64Array
  readonly latencyMs: Float64Array
  readonly totalNanoUsd: bigint
  /** Of prompt caching as the policy has it, against prompt caching as it was logged, at the same calls. */
  readonly savingNanoUsd: bigint
  /** Token ratios in words, sorted. */
  readonly assumptions: readonly string[]
}

/**
 * The calls that a policy leaves of a history, with their prompt caches: a prefix is kept by its model and scope, so a
 * request that a cache answers or another model gets leaves nothing behind for the next one.
 */
export function simulatePrefix(
  history: History,
  policy: Pick<Policy, 'prefix' | 'cache'>,
  { costOf, calls, evidence = null }: PrefixOptions,
): PrefixSimulation {
  const promptAt = prefixPrompts(history)
  const shared = {
    history,
    costOf,
    ratioOf: tokenRatios(history, evidence),
    known: evidence === null ? null : evidenceOfHistory(history, evidence),
  }
  const runWith = (mode: Policy['prefix']['mode']) => {
    const prefix = openHistoryPrefix(
      history,
      { ...policy, prefix: { ...policy.prefix, mode } },
      promptAt,
    )
    return new Run(history, new HistoryTargets({ ...shared, prefix }), costOf, prefix)
  }
  const [plain, injected] = [runWith('as-logged'), runWith('inject')]
  const pool = policy.prefix.pool === null ? null : new Pool(policy.prefix.pool.blocks, promptAt)
  for (let place = 0; place < history.count; place++) {
    pool?.read(place)
    plain.prefix.see(place)
    injected.prefix.see(place)
    if (calls.reaches?.[place] === 0) continue
    const target = calls.targets[calls.targetOf?.[place] ?? -1] ?? null
    plain.call(place, target)
    injected.call(place, target)
  }
  const run = policy.prefix.mode === 'inject' ? injected : plain
  const savingNanoUsd = plain.cost.total() - run.cost.total()
  const injectedSaving = plain.cost.total() - injected.cost.total()
  return {
    layer: {
      mode: policy.prefix.mode,
      ...run.tokens(),
      costUsd: usdOf(run.cost.total()),
      uncachedCostUsd: usdOf(run.uncached.total()),
      loggedReadTokens: run.prefix.seen.loggedReadTokens,
      modelledReadTokens: run.prefix.seen.modelledReadTokens,
      ifUsedSavingUsd: run.prefix.seen.requests === 0 ? null : usdOf(injectedSaving),
      savingUsd: usdOf(savingNanoUsd),
      pool: pool?.found() ?? null,
    },
    costNanoUsd: run.costNanoUsd,
    latencyMs: run.latencyMs,
    totalNanoUsd: run.cost.total(),
    savingNanoUsd,
    assumptions: run.targets.assumptions(),
  }
}

/** The calls of one way to cache prompts, summed. */
class Run {
  readonly targets: HistoryTargets
  readonly prefix: HistoryPrefix
  readonly cost = new SpendSum()
  readonly uncached = new SpendSum()
  readonly costNanoUsd: Float64Array
  readonly latencyMs: Float64Array
  readonly #history: History
  readonly #costOf: CostOf
  readonly #sums = { inputTokens: 0, readTokens: 0, writtenTokens: 0 }

  constructor(history: History, targets: HistoryTargets, costOf: CostOf, prefix: HistoryPrefix) {
    this.#history = history
    this.targets = targets
    this.#costOf = costOf
    this.prefix = prefix
    this.costNanoUsd = new Float64Array(history.count)
    this.latencyMs = new Float64Array(history.count)
  }

  call(place: number, target: string | null): void {
    const isLogged = target === null || this.targets.isLogged(place, target)
    const prediction = isLogged
      ? this.targets.asLogged(place)
      : this.targets.elsewhere(place, target)
    const { usage, costNanoUsd, latencyMs } = prediction
    this.#count(usage)
    this.costNanoUsd[place] = costNanoUsd ?? Number.NaN
    this.latencyMs[place] = latencyMs
    if (costNanoUsd === null) return
    this.cost.add(costNanoUsd)
    const name = isLogged ? loggedTarget(this.#history, place) : target
    this.uncached.add(costNanoUsd + this.#withoutCache(name, usage, place))
  }

  #count(usage: Usage): void {
    this.#sums.inputTokens += totalInputTokens(usage)
    this.#sums.readTokens += usage.cacheReadTokens
    this.#sums.writtenTokens += usage.cacheWrite5mTokens + usage.cacheWrite1hTokens
  }

  /** What the same input costs more, all of it plain. */
  #withoutCache(name: string, usage: Usage, place: number): number {
    const plain = withoutReads(usage)
    if (plain.inputTokens === usage.inputTokens) return 0
    const at = this.#history.at[place] as number
    const [cached, uncached] = [this.#costOf(name, usage, at), this.#costOf(name, plain, at)]
    return cached === null || uncached === null ? 0 : uncached - cached
  }

  tokens(): Pick<PrefixLayer, 'inputTokens' | 'readTokens' | 'writtenTokens' | 'readShare'> {
    const { inputTokens, readTokens } = this.#sums
    return { ...this.#sums, readShare: inputTokens === 0 ? null : readTokens / inputTokens }
  }
}

/** One pool of blocks for the prompts of all requests, whatever becomes of them. */
class Pool {
  readonly #blocks: number | null
  readonly #pool: BlockPool
  readonly #promptAt: PromptAt
  #readBlocks = 0
  #hitBlocks = 0

  constructor(blocks: number | null, promptAt: PromptAt) {
    this.#blocks = blocks
    this.#pool = openBlockPool(blocks === null ? {} : { blocks })
    this.#promptAt = promptAt
  }

  read(place: number): void {
    const blocks = this.#promptAt(place)?.blocks ?? []
    this.#readBlocks += blocks.length
    this.#hitBlocks += this.#pool.read(blocks)
  }

  found(): NonNullable<PrefixLayer['pool']> {
    return { blocks: this.#blocks, readBlocks: this.#readBlocks, hitBlocks: this.#hitBlocks }
  }
}
