import type { Receipt } from '../domain/receipt.ts'
import type { ChangeKind } from './case.ts'

/** How a policy would answer a request otherwise than the log did. */
export type Change = {
  readonly kind: Exclude<ChangeKind, 'suite'>
  readonly route: string
  /** Whose answer a cache would serve; null where none would. */
  readonly servedBy: number | null
}

/** What a policy does to the requests of a log. */
export type ChangeCounts = Readonly<Record<Exclude<ChangeKind, 'suite'>, number>> & {
  /** Answered by an identical request's answer: as good as any other draw of the same model. */
  readonly repeated: number
  /** Refused by a budget or the loop guard: there is no answer to compare. */
  readonly refused: number
  readonly unchanged: number
}

export type ChangeOptions = {
  /** Whether a target is the model that answered in the log. */
  readonly isLogged: (place: number, target: string) => boolean
  /** Whether the model is asked something else than the log says it was. */
  readonly isRewritten: (place: number) => boolean
}

/** Null: the answer is what it was, or could have been. */
export function changeOf(receipt: Receipt, place: number, options: ChangeOptions): Change | null {
  const { steps, outcome, servedBy } = receipt
  const route = steps.find((step) => step.kind === 'route')?.route ?? ''
  if (outcome === 'blocked') return null
  if (outcome === 'coalesced') return null
  if (outcome === 'hit') {
    const isSemantic = steps.some((step) => step.kind === 'hit' && step.layer === 'semantic')
    return isSemantic ? { kind: 'cached', route, servedBy: servedBy as number } : null
  }
  const isElsewhere = steps.some(
    (step) => step.kind === 'attempt' && !options.isLogged(place, step.target),
  )
  if (isElsewhere) return { kind: 'routed', route, servedBy: null }
  return options.isRewritten(place) ? { kind: 'rewritten', route, servedBy: null } : null
}

/** Gives back one and the same object for equal changes: only what a cache serves differs from request to request. */
export function sharedChanges(): (change: Change) => Change {
  const changes = new Map<string, Change>()
  return (change) => {
    if (change.servedBy !== null) return change
    const name = `${change.kind} ${change.route}`
    const known = changes.get(name) ?? change
    changes.set(name, known)
    return known
  }
}

/** Adds up what becomes of all requests. */
export class ChangeSum {
  readonly #counts = { routed: 0, cached: 0, rewritten: 0, repeated: 0, refused: 0, unchanged: 0 }

  add({ outcome }: Receipt, change: Change | null): void {
    if (change !== null) this.#counts[change.kind]++
    else if (outcome === 'blocked') this.#counts.refused++
    else if (outcome === 'hit' || outcome === 'coalesced') this.#counts.repeated++
    else this.#counts.unchanged++
  }

  get counts(): ChangeCounts {
    return { ...this.#counts }
  }
}
