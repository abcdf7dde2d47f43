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
import { type Change, ChangeSum, changeOf } from './affected.ts'
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

/** A change with its place in the history. */
type Affects = Change & { readonly place: number }

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
  const affected: Affects[] = []
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
      if (hasText(place)) affected.push({ ...change, place })
      else withoutText++
    },
  })
  const places = new Map(affected.map((each) => [history.seq[each.place] as number, each]))
  const find = ({ seq }: ReplayCase) => (seq === null ? undefined : places.get(seq))
  const shared = sharedStrata()
  const stratumOf = (each: Affects) => shared(stratumAt(history, each))
  return {
    strata: affected.map(stratumOf),
    caseAt(index) {
      const each = affected[index] as Affects
      return caseAt(options, each, stratumOf(each))
    },
    requests: history.count,
    changes: sum.counts,
    withoutText,
    placeOf: (each) => find(each)?.place ?? -1,
    servedBy: (each) => find(each)?.servedBy ?? null,
  }
}

/** Whether anything is known to ask again. */
const textIn = ({ question, exact }: History) => ({
  hasText: (place: number) => question[place] !== -1 || exact[place] !== -1,
})

const idAt = ({ seq }: History, place: number): string => `#${seq[place]}`

function stratumAt(history: History, { place, route }: Affects): Stratum {
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
  { place, kind }: Affects,
  stratum: Stratum,
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
    change: kind,
    stratum,
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
