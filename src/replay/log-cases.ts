import type { Call } from '../domain/call.ts'
import type { Answer, Request } from '../domain/request.ts'
import { noUsage, totalInputTokens, type Usage } from '../domain/usage.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { RewriteRequest } from '../engine/rewrite-request.ts'
import { decideHistory } from '../worlds/decide-history.ts'
import type { History } from '../worlds/history.ts'
import { loggedTarget } from '../worlds/history-targets.ts'
import type { HistoryWorld } from '../worlds/history-world.ts'
import { loggedAnswer } from '../worlds/logged-answer.ts'
import { usageAt } from '../worlds/model-costs.ts'
import { type Change, ChangeSum, changeOf, sharedChanges } from './affected.ts'
import { type ArmAnswer, lengthBinOf, type ReplayCase, type Stratum, sharedStrata } from './case.ts'
import type { Affected } from './plan.ts'

export type LogCasesOptions = {
  readonly history: History
  readonly compiled: CompiledPolicy
  readonly world: HistoryWorld
  readonly isLogged: (place: number, target: string) => boolean
  readonly rewrite: RewriteRequest
  /** A stored request as a call again; null where it cannot be. */
  readonly callOf: (request: Request) => Call | null
  readonly keysOf: (request: Request) => ReplayCase['keys']
  readonly signal?: AbortSignal | undefined
}

export type LogCases = Affected & {
  readonly placeOf: (each: ReplayCase) => number
  /** Whose answer the policy's cache would serve; null: nobody's. */
  readonly servedBy: (each: ReplayCase) => number | null
}

/** Decides the whole log by the policy, and finds the requests that would be answered otherwise. */
export async function findLogCases(options: LogCasesOptions): Promise<LogCases> {
  const { history, compiled, world, isLogged, rewrite, signal } = options
  const { hasText } = textIn(history)
  const sum = new ChangeSum()
  /** Where the affected stand in the history, and what happens to them. */
  const places: number[] = []
  const changes: Change[] = []
  const shared = { change: sharedChanges(), stratum: sharedStrata() }
  let withoutText = 0
  await decideHistory(history, compiled, world, {
    signal,
    onReceipt(receipt, place) {
      const change = changeOf(receipt, place, {
        isLogged,
        isRewritten: (at) => rewrite.applies(world.factsAt(at)),
      })
      sum.add(receipt, change)
      if (change === null) return
      if (!hasText(place)) {
        withoutText++
        return
      }
      places.push(place)
      changes.push(shared.change(change))
    },
  })
  const indices = new Map(places.map((place, index) => [history.seq[place] as number, index]))
  const indexOf = ({ seq }: ReplayCase) => (seq === null ? -1 : (indices.get(seq) ?? -1))
  const strata = places.map((place, index) =>
    shared.stratum(stratumAt(history, place, changes[index] as Change)),
  )
  return {
    strata,
    caseAt: (index) =>
      caseAt(options, places[index] as number, {
        change: (changes[index] as Change).kind,
        stratum: strata[index] as Stratum,
      }),
    requests: history.count,
    changes: sum.counts,
    withoutText,
    placeOf: (each) => places[indexOf(each)] ?? -1,
    servedBy: (each) => changes[indexOf(each)]?.servedBy ?? null,
  }
}

/** Whether anything is known to ask again. */
const textIn = ({ question, exact }: History) => ({
  hasText: (place: number) => question[place] !== -1 || exact[place] !== -1,
})

const idAt = ({ seq }: History, place: number): string => `#${seq[place]}`

function stratumAt(history: History, place: number, { route }: Change): Stratum {
  const profile = history.profiles[history.columns.profile[place] as number]
  return {
    route,
    feature: profile?.feature ?? '',
    length: lengthBinOf(totalInputTokens(usageAt(history.columns, place))),
    model: profile?.model ?? '',
  }
}

async function caseAt(
  { history, world, rewrite, callOf, keysOf }: LogCasesOptions,
  place: number,
  changed: Pick<ReplayCase, 'change' | 'stratum'>,
): Promise<ReplayCase | string> {
  const request = history.requestAt(place)
  const call = callOf(request)
  if (call === null) return 'its text is not kept'
  const facts = world.factsAt(place)
  const rewritten = await rewrite.rewrite(facts)
  const candidateCall = rewritten === request ? call : callOf(rewritten)
  if (candidateCall === null) return 'its text is not kept'
  const tip = history.columns.promptTip[place] as number
  return {
    id: idAt(history, place),
    seq: history.seq[place] as number,
    call: { ...call, model: loggedTarget(history, place) },
    candidateCall,
    question: facts.text ?? '',
    ...changed,
    cluster: Number.isNaN(tip) ? idAt(history, place) : `${tip}`,
    expected: null,
    scorer: null,
    logged: loggedArm(history, place),
    keys: keysOf(request),
  }
}

/** What the log says of a request's own answer. */
function loggedArm(history: History, place: number): ArmAnswer | null {
  const answer: Answer | null = loggedAnswer(history, place)
  if (answer === null) return null
  const { columns, latencyMs } = history
  const cost = columns.cost[place] as number
  const usage: Usage = { ...noUsage, ...usageAt(columns, place) }
  return {
    source: 'logged',
    text: answer.text ?? null,
    toolCalls: answer.toolCalls ?? [],
    finishReason: answer.finishReason ?? null,
    target: loggedTarget(history, place),
    fault: null,
    costNanoUsd: Number.isNaN(cost) ? null : (cost as ArmAnswer['costNanoUsd']),
    latencyMs: latencyMs[place] as number,
    firstTokenMs: null,
    usage,
    rungs: [],
  }
}
