import type { BudgetWord } from '../domain/world.ts'
import type { LoopGuard } from '../policy/governance.ts'
import { loopGuardName, type Member } from './budget-account.ts'
import { RecentlyUsed } from './recently-used.ts'

/** How often a trace has called, and how often in a row with the same step. */
export type LoopState = {
  calls: number
  step: Member | null
  inRow: number
  /** Calls that are not settled. */
  open: number
}

/** Notices a trace that calls without end, or takes nearly the same step again and again. Refused calls count. */
export class LoopTraces {
  readonly #traces: RecentlyUsed<Member, LoopState>

  constructor(mostTraces = Number.POSITIVE_INFINITY) {
    this.#traces = new RecentlyUsed(mostTraces, ({ open }) => open === 0)
  }

  /** Counts a call. Equal steps are nearly identical calls; null is like no other. */
  note(trace: Member, step: Member | null): LoopState {
    const state = this.#traces.get(trace) ?? { calls: 0, step: null, inRow: 0, open: 0 }
    if (state.calls === 0) this.#traces.set(trace, state)
    state.inRow = step !== null && step === state.step ? state.inRow + 1 : 1
    state.step = step
    state.calls++
    return state
  }

  stateOf(trace: Member): LoopState | undefined {
    return this.#traces.peek(trace)
  }

  restore(trace: Member, state: LoopState): void {
    this.#traces.set(trace, state)
  }

  map<T>(of: (trace: Member, state: LoopState) => T): readonly T[] {
    return this.#traces.map(of)
  }
}

/** Whether a policy limits the calls of traces; their dollars are a budget. */
export const guardsLoops = ({ maxCalls, maxSimilarInRow }: LoopGuard): boolean =>
  maxCalls !== null || maxSimilarInRow !== null

/** What the loop guard says to a call, counted already; null: it may pass. */
export const loopWord = (state: LoopState, guard: LoopGuard): BudgetWord | null =>
  isLooping(state, guard) ? { budget: loopGuardName, action: guard.action } : null

/** Whether a trace has passed what the loop guard lets it do. */
export const isLooping = (
  { calls, inRow }: LoopState,
  { maxCalls, maxSimilarInRow }: LoopGuard,
): boolean =>
  (maxCalls !== null && calls > maxCalls) || (maxSimilarInRow !== null && inRow > maxSimilarInRow)
