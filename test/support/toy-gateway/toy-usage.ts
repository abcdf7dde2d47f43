import { noUsage, totalTokens, type Usage } from '../../../src/domain/usage.ts'
import type { HasDefect } from './defects.ts'
import type { ToyRequest } from './toy-request.ts'

type Told = {
  readonly asked: ToyRequest
  /** As far as the vendor told; null: not at all. */
  readonly usage: Usage | null
  /** Characters of what was said. */
  readonly said: number
  readonly isWhole: boolean
}

/** What the ledger is to say: what the vendor told, and an estimate of the rest where an answer broke off. */
export function bookedUsage({ asked, usage, said, isWhole }: Told, has: HasDefect): Usage {
  const estimate = {
    ...noUsage,
    inputTokens: Math.ceil(asked.bytes.length / 4),
    outputTokens: Math.ceil(said / 4),
  }
  if (usage === null) return estimate
  if (totalTokens(usage) === 0 && has('estimates where usage is zero')) return estimate
  if (!isWhole)
    return { ...usage, outputTokens: Math.max(usage.outputTokens, estimate.outputTokens) }
  const isCounted = asked.dialect?.name === 'anthropic-messages'
  const added = has('adds cached tokens to the input') && !isCounted ? usage.cacheReadTokens : 0
  return { ...usage, inputTokens: usage.inputTokens + added }
}
