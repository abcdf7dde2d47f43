import { usdOf } from '../domain/money.ts'
import { type BlockPool, openBlockPool } from '../engine/prefix-pool.ts'
import type { Policy } from '../policy/policy.ts'
import { openHistoryPrefix, type PrefixSeen } from '../worlds/history-prefix.ts'
import type { TargetsOptions } from '../worlds/history-targets.ts'
import { type PromptAt, prefixPrompts } from '../worlds/prefix-prompts.ts'
import { hasPromptCaches } from './prompt-caches.ts'
import type { PrefixLayer } from './result.ts'
import { CallRun, type CallsAt } from './routing-calls.ts'

export type PrefixOptions = Omit<TargetsOptions, 'prefix'> & {
  readonly policy: Pick<Policy, 'prefix' | 'cache' | 'routes'>
  readonly callsAt: CallsAt
}

/** What the calls of a history come to under a policy's prompt caching. */
export type PrefixSimulation = {
  readonly layer: PrefixLayer
  /** The calls as the policy has them. */
  readonly run: CallRun
}

/**
 * The calls that a policy leaves of a history, with their prompt caches: a prefix is kept by its model and scope, so a
 * request that a cache answers or another model gets leaves nothing behind for the next one.
 */
export function simulatePrefix({ policy, callsAt, ...shared }: PrefixOptions): PrefixSimulation {
  const { history } = shared
  const prompts = new SeenPrompts(prefixPrompts(history))
  const { promptAt } = prompts
  const policyIn = (mode: Policy['prefix']['mode']) => ({
    ...policy,
    prefix: { ...policy.prefix, mode },
  })
  const logged = openHistoryPrefix(history, policyIn('as-logged'), promptAt)
  const isModelled = hasPromptCaches(history, policyIn('as-logged'))
  const plain = new CallRun({ ...shared, prefix: isModelled ? logged : null })
  const prefix = openHistoryPrefix(history, policyIn('inject'), promptAt)
  const injected = new CallRun({ ...shared, prefix })
  const pool = policy.prefix.pool === null ? null : new Pool(policy.prefix.pool.blocks, promptAt)
  for (let place = 0; place < history.count; place++) {
    pool?.read(place)
    logged.see(place)
    const targets = callsAt(place)
    plain.add(place, targets)
    injected.add(place, targets)
  }
  const { mode } = policy.prefix
  const run = mode === 'inject' ? injected : plain
  return { run, layer: layerOf(mode, { plain, injected, run }, logged.seen, prompts, pool) }
}

type Runs = { readonly plain: CallRun; readonly injected: CallRun; readonly run: CallRun }

function layerOf(
  mode: PrefixLayer['mode'],
  { plain, injected, run }: Runs,
  seen: PrefixSeen,
  prompts: SeenPrompts,
  pool: Pool | null,
): PrefixLayer {
  const { inputTokens, readTokens } = run.tokens
  const savingOf = (other: CallRun) => usdOf(plain.cost.total() - other.cost.total())
  return {
    mode,
    ...run.tokens,
    readShare: inputTokens === 0 ? null : readTokens / inputTokens,
    costUsd: usdOf(run.cost.total()),
    uncachedCostUsd: usdOf(run.uncached.total()),
    loggedReadTokens: seen.loggedReadTokens,
    modelledReadTokens: seen.modelledReadTokens,
    ifUsedSavingUsd: seen.requests === 0 || prompts.areUnknown ? null : savingOf(injected),
    savingUsd: savingOf(run),
    pool: pool?.found() ?? null,
  }
}

/** Of a log in which nothing was cached, under a policy that changes nothing about it. */
export const nothingCached = (
  mode: PrefixLayer['mode'],
  inputTokens: number,
  costUsd: number,
): PrefixLayer => ({
  mode,
  inputTokens,
  readTokens: 0,
  writtenTokens: 0,
  readShare: 0,
  costUsd,
  uncachedCostUsd: costUsd,
  loggedReadTokens: 0,
  modelledReadTokens: 0,
  ifUsedSavingUsd: null,
  savingUsd: 0,
  pool: null,
})

/** Prompts, and whether all that were looked for were missing: those too short to be kept are not looked for. */
class SeenPrompts {
  #looked = 0
  #found = 0
  readonly promptAt: PromptAt

  constructor(promptAt: PromptAt) {
    this.promptAt = (place) => {
      const prompt = promptAt(place)
      this.#looked += 1
      if (prompt !== null) this.#found += 1
      return prompt
    }
  }

  get areUnknown(): boolean {
    return this.#looked > 0 && this.#found === 0
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
