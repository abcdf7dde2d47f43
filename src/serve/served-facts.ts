import { faultKinds } from '../domain/fault.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { AttemptOutcome, BypassReason, CacheLayer, Step } from '../domain/receipt.ts'
import type { Served } from '../domain/served.ts'
import type { SavingPart } from './gateway-figures.ts'

/** What a request came to, read once from its receipt: metrics, log, traces and dashboard count the same way. */
export type ServedFacts = {
  /** What a layer said; null: it was not asked. */
  readonly exact: 'hit' | 'miss' | null
  readonly semantic: 'hit' | 'miss' | null
  readonly guarded: number
  readonly bypasses: readonly BypassStep[]
  readonly route: string | null
  /** Whose answer was served, or who was asked last; null: nobody was asked. */
  readonly target: string | null
  readonly attempts: readonly AttemptStep[]
  readonly isValidated: boolean
  /** Went up because a validator rejected. */
  readonly isEscalated: boolean
  readonly retries: number
  readonly fallbacks: number
  readonly isUnpriced: boolean
  readonly classifiersNanoUsd: number
  readonly validatorsNanoUsd: number
  /** What a budget or the loop guard said. */
  readonly refusedBy: string | null
  /** Baseline less cost; null: one of them is not known. */
  readonly savedNanoUsd: number | null
  readonly savingPart: SavingPart
}

export type AttemptStep = Extract<Step, { kind: 'attempt' }>
type BypassStep = { readonly layer: CacheLayer; readonly reason: BypassReason }

/** At least one layer was asked: the denominator of hit rates. */
export const isCacheable = ({ exact, semantic }: ServedFacts): boolean =>
  exact !== null || semantic !== null

export const isHit = ({ exact, semantic }: ServedFacts): boolean =>
  exact === 'hit' || semantic === 'hit'

/** The caller got an answer, whoever gave it. */
export const isAnswered = ({ receipt }: Served): boolean =>
  receipt.outcome === 'hit' || receipt.outcome === 'coalesced' || receipt.outcome === 'answered'

/**
 * Whether a target is a name that the policy gave, or that a model answered to: the caller may have made the first one
 * up.
 */
export const isRealName = ({ route, attempts }: ServedFacts, attempt: AttemptStep): boolean =>
  attempt.outcome === 'accepted' ||
  attempt.outcome === 'rejected' ||
  route !== null ||
  attempt.target !== attempts[0]?.target

/** The path of the endpoint; what stands behind it in the address may be a key. */
export const pathOf = ({ endpoint }: Served): string => plainPath(endpoint)

export const plainPath = (endpoint: string): string => endpoint.split(/[?#]/, 1)[0] ?? ''

/** The kind of fault that a reason begins with; null: another word. What follows may quote the prompt. */
export function faultIn(reason: string | null): string | null {
  const word = /^[a-z-]+/.exec(reason ?? '')?.[0] ?? ''
  return knownFaults.has(word) ? word : null
}

const knownFaults: ReadonlySet<string> = new Set(faultKinds)

/** Nobody answered, though the caller stayed and would have taken any model's answer. */
export const isFailed = ({ receipt, request, isNotCached = false }: Served): boolean =>
  receipt.outcome === 'failed' && request.status !== 'cancelled' && !isNotCached

/** Reads one request's receipt. */
export function servedFacts(served: Served): ServedFacts {
  const facts: Mutable<ServedFacts> = {
    exact: null,
    semantic: null,
    guarded: 0,
    bypasses: none,
    route: null,
    target: null,
    attempts: none,
    isValidated: false,
    isEscalated: false,
    retries: 0,
    fallbacks: 0,
    isUnpriced: false,
    classifiersNanoUsd: 0,
    validatorsNanoUsd: 0,
    refusedBy: null,
    savedNanoUsd: null,
    savingPart: 'models',
  }
  for (const step of served.receipt.steps) note(facts, step)
  if (served.receipt.outcome === 'blocked') facts.refusedBy = blockedBy(served)
  facts.target = targetOf(served, facts.attempts)
  facts.savedNanoUsd = savedOf(served, facts.isUnpriced)
  facts.savingPart = partOf(served, facts)
  return facts
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const none: readonly never[] = []

function note(facts: Mutable<ServedFacts>, step: Step): void {
  switch (step.kind) {
    case 'hit':
    case 'miss':
      facts[step.layer] = step.kind
      return
    case 'bypass':
      facts.bypasses = [...facts.bypasses, step]
      return
    case 'guarded':
      facts.guarded++
      return
    case 'route':
      facts.route = step.route
      return
    case 'classify':
      facts.classifiersNanoUsd += step.costNanoUsd
      return
    case 'attempt':
      noteAttempt(facts, step)
      return
    case 'validate':
      facts.isValidated = true
      facts.validatorsNanoUsd += step.costNanoUsd
      return
    case 'budget':
    case 'coalesced':
    case 'remember':
      return
  }
}

/** Why there was another attempt: the same target again, or another one that took over from one that failed. */
function noteAttempt(facts: Mutable<ServedFacts>, step: AttemptStep): void {
  const before = facts.attempts.at(-1)
  if (before !== undefined) {
    if (before.outcome === 'rejected') facts.isEscalated = true
    else if (isFailure[before.outcome]) {
      if (before.target === step.target) facts.retries++
      else facts.fallbacks++
    }
  }
  if (step.costNanoUsd === null) facts.isUnpriced = true
  if (step.outcome === 'rejected') facts.isValidated = true
  facts.attempts = before === undefined ? [step] : [...facts.attempts, step]
}

const isFailure: Readonly<Record<AttemptOutcome, boolean>> = {
  accepted: false,
  rejected: false,
  failed: true,
  timeout: true,
  unknown: false,
}

function blockedBy({ receipt }: Served): string | null {
  for (const step of receipt.steps)
    if (step.kind === 'budget' && step.action === 'block') return step.budget
  return null
}

function targetOf({ request, receipt }: Served, attempts: readonly AttemptStep[]): string | null {
  const last = attempts.at(-1)
  if (last === undefined) return null
  if (receipt.outcome !== 'answered') return last.target
  // Where two were asked at once the record says whose answer it was.
  if (request.target !== undefined) return request.target
  return (attempts.findLast(({ outcome }) => outcome === 'accepted') ?? last).target
}

/** Who gets no answer saves nothing: the baseline of a failed request is at most what it cost. */
function savedOf(served: Served, isUnpriced: boolean): number | null {
  const { receipt, baselineNanoUsd } = served
  if (receipt.outcome === 'blocked') return 0
  if (baselineNanoUsd === null || isUnpriced) return null
  return baselineOf(served, baselineNanoUsd) - receipt.costNanoUsd
}

/** What a request would have cost that was or was not answered. */
export const baselineOf = (served: Served, baselineNanoUsd: NanoUsd): NanoUsd => {
  if (isAnswered(served)) return baselineNanoUsd
  if (served.receipt.outcome === 'blocked') return zeroNanoUsd
  return Math.min(baselineNanoUsd, served.receipt.costNanoUsd) as NanoUsd
}

function partOf({ receipt }: Served, { exact, semantic }: ServedFacts): SavingPart {
  if (exact === 'hit') return 'exact'
  if (semantic === 'hit') return 'semantic'
  return receipt.outcome === 'coalesced' ? 'coalesced' : 'models'
}
