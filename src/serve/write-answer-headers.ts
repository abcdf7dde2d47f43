import { decimalUsd, type NanoUsd } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
import { safeHeaderValue } from './header-text.ts'

/** What is told of an answer beside it. Of a stream, whose headers go first, what is known by then. */
export type ToldOfAnswer = {
  readonly receipt: Pick<Receipt, 'id' | 'steps'>
  /** The target that is answering now, whose attempt the steps do not have yet; null: they have all. */
  readonly answering: string | null
  /** Calls that neither have; absent: none. */
  readonly underWay?: number
  /** Whose answer it is, by its whole name; null: as the steps have it. */
  readonly target: string | null
  /** Null: not known, or not yet. */
  readonly costNanoUsd: NanoUsd | null
  readonly savedNanoUsd: NanoUsd | null
  /** The fingerprint of the policy that decided. */
  readonly policy: string
}

/** Adds our headers of an answer to its lines, names and values in turn: one plain fact each, and only what is known. */
export function writeAnswerHeaders(lines: string[], told: ToldOfAnswer): void {
  const { receipt, answering, underWay = 0, target, costNanoUsd, savedNanoUsd, policy } = told
  const say = (name: string, value: string | null) => {
    if (value !== null) lines.push(`x-llmcost-${name}`, safeHeaderValue(value))
  }
  const seen = walk(receipt.steps)
  seen.attempts += underWay
  if (answering !== null) {
    seen.attempts++
    seen.target = answering
  }
  say('request-id', String(receipt.id))
  say('cache', seen.cache)
  if (seen.hit !== null) {
    const { layer, entry, similarity, ageMs } = seen.hit
    const age = String(Math.max(0, Math.floor(ageMs / 1000)))
    if (layer === 'semantic') say('similarity', similarity.toFixed(4))
    say('cache-age', age)
    say('cache-source-id', String(entry))
    lines.push('Age', age)
  }
  if (seen.sharedWith !== null) say('cache-source-id', seen.sharedWith)
  say('target', seen.target === null ? null : (target ?? seen.target))
  say('route', seen.route)
  say('reason', seen.reason)
  say('attempts', String(seen.attempts))
  say('cost-usd', costNanoUsd === null || seen.isUnpriced ? null : decimalUsd(costNanoUsd))
  say('saved-usd', savedNanoUsd === null ? null : decimalUsd(savedNanoUsd))
  say('policy', policy)
}

type Seen = {
  hit: Extract<Step, { kind: 'hit' }> | null
  cache: 'hit-exact' | 'hit-semantic' | 'miss' | 'bypass'
  /** The request in flight whose answer was shared. */
  sharedWith: string | null
  /** The last that was asked. */
  target: string | null
  route: string | null
  reason: string | null
  attempts: number
  /** True where a call was made that nobody knows the price of. */
  isUnpriced: boolean
}

/** What the steps come to. Of several reasons the last is told. */
function walk(steps: readonly Step[]): Seen {
  const seen: Seen = {
    hit: null,
    cache: 'bypass',
    sharedWith: null,
    target: null,
    route: null,
    reason: null,
    attempts: 0,
    isUnpriced: false,
  }
  for (const step of steps) note(seen, step)
  // A layer that is off is worth a word only where there was no other.
  if (seen.cache !== 'bypass' && seen.reason === 'off') seen.reason = null
  return seen
}

function note(seen: Seen, step: Step): void {
  switch (step.kind) {
    case 'budget':
      seen.reason = `budget ${step.budget} ${step.action}`
      break
    case 'bypass':
      seen.reason = step.reason === 'off' ? (seen.reason ?? 'off') : step.reason
      break
    case 'miss':
      seen.cache = 'miss'
      break
    case 'guarded':
      seen.reason = `guard ${step.guard}`
      break
    case 'hit':
      seen.hit = step
      seen.reason = null
      seen.cache = `hit-${step.layer}`
      break
    case 'coalesced':
      seen.sharedWith = String(step.with)
      seen.reason = 'coalesced'
      break
    case 'route':
      seen.route = step.route
      break
    case 'attempt':
      noteAttempt(seen, step)
      break
    case 'classify':
    case 'validate':
    case 'remember':
      break
  }
}

function noteAttempt(seen: Seen, step: Extract<Step, { kind: 'attempt' }>): void {
  seen.attempts++
  seen.target = step.target
  seen.isUnpriced ||= step.costNanoUsd === null
  if (step.outcome === 'accepted' || step.outcome === 'unknown') return
  seen.reason = `${step.outcome} ${step.reason ?? ''}`.trimEnd()
}
