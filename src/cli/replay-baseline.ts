import { existsSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import { type CompiledPolicy, compilePolicy } from '../engine/compile-policy.ts'
import { defaultPolicy } from '../policy/default-policy.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import { mergePolicy } from '../policy/merge-policy.ts'
import { chooseTiers } from '../policy/tiers.ts'
import { nameTiers } from '../worlds/named-tiers.ts'
import { loadPolicy } from './policy-file.ts'
import type { RunPrices } from './price-book.ts'

export type ReplayBaseline = {
  /** As the report names it. */
  readonly name: string
  /** With models in the place of tiers. Null: what the log says, or the model that a suite names. */
  readonly compiled: CompiledPolicy | null
}

/** "as-logged", "all:MODEL", or a policy file; tiers that it leaves open are those of the log, if there is one. */
export function replayBaseline(
  asked: string | undefined,
  prices: RunPrices,
  log: LogFacts | null,
): ReplayBaseline {
  if (asked === undefined || asked === 'as-logged') return { name: 'as logged', compiled: null }
  const target = /^all:(.+)$/.exec(asked)?.[1]
  if (target !== undefined) return { name: asked, compiled: everythingAt(target) }
  if (!existsSync(asked)) {
    throw new UserError(`--baseline ${asked} is no baseline`, {
      hint: 'write as-logged, all:MODEL (e.g. all:gpt-4o), or name a policy file',
    })
  }
  const { policy } = loadPolicy(asked, prices.book)
  const named = nameTiers(policy, chooseTiers(policy.tiers, log).tiers)
  return { name: asked, compiled: compilePolicy(named) }
}

const everythingAt = (target: string): CompiledPolicy =>
  compilePolicy(
    mergePolicy(defaultPolicy, {
      // Without a policy nobody limits how long an answer may take.
      timeouts: { ...defaultPolicy.timeouts, default: 'passthrough' },
      routes: [
        {
          name: 'all',
          when: {},
          to: { kind: 'ladder', ladder: [{ target, validators: [], timeoutMs: null }] },
        },
      ],
    }),
  )
