import { callOfRequest } from '../dialects/stored-call.ts'
import type { Request } from '../domain/request.ts'
import type { StoredVerdict } from '../domain/stored-verdict.ts'
import type { Asked, FoundEntry } from '../domain/world.ts'
import { keyHash } from '../engine/cache-key.ts'
import { type CompiledPolicy, compilePolicy } from '../engine/compile-policy.ts'
import type { Seen } from '../engine/decide.ts'
import { questionOf } from '../engine/question.ts'
import type { RewriteRequest } from '../engine/rewrite-request.ts'
import type { Policy } from '../policy/policy.ts'
import type { ReplayCase } from '../replay/case.ts'
import { findLogCases } from '../replay/log-cases.ts'
import type { Affected } from '../replay/plan.ts'
import { hasPromptCaches } from '../simulate/prompt-caches.ts'
import { HistoryCache } from '../worlds/history-cache.ts'
import type { FactsAt } from '../worlds/history-facts.ts'
import { openHistoryPrefix } from '../worlds/history-prefix.ts'
import { type HistorySight, openHistorySight, openHistoryWorld } from '../worlds/history-world.ts'
import { loggedAnswer } from '../worlds/logged-answer.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import { answerOf } from '../worlds/stored-request.ts'
import type { ReceiptJob } from './simulate-receipts.ts'

type SeenCase = { readonly asked: Asked; readonly facts: Seen['facts'] }

/** Cases, wherever they come from, with what deciding them needs. */
export type CaseSource = Affected & {
  readonly compiled: CompiledPolicy
  /** The policy's classifiers by neighbours. */
  readonly neighbours: NeighbourClassifiers
  /** How the rules of a policy, the candidate's or a baseline's, see a case. */
  readonly seenOf: (each: ReplayCase, policy: Policy) => SeenCase
  readonly entryOf: (each: ReplayCase) => FoundEntry | null
  /** The keys of the answer that a cache would serve and of the one really given; null where there are none. */
  readonly answerKeys: (each: ReplayCase) => Pick<StoredVerdict, 'servedHash' | 'ownHash'> | null
  /** What a call to a target is expected to take; null where it has no price. */
  readonly expected: (
    each: ReplayCase,
    target: string,
  ) => { readonly costNanoUsd: number | null; readonly latencyMs: number | null }
  /** What the request of a number was answered in the log; null where nobody knows. */
  readonly loggedText: (seq: number) => string | null
  readonly assumptions: () => readonly string[]
}

/** The requests of a log that a policy would answer otherwise. */
export async function openLogCases(
  { history, policy, semantic, costOf, evidence, trained, signal }: ReceiptJob,
  rewrite: RewriteRequest,
  secret: string,
): Promise<CaseSource> {
  const compiled = compilePolicy(policy)
  const cache = new HistoryCache(history, semantic, policy.cache)
  const prefix = hasPromptCaches(history, policy) ? openHistoryPrefix(history, policy) : null
  const neighbours = trained.classifiers
  const seen = { history, policy, costOf, evidence, neighbours, prefix }
  const world = openHistoryWorld({ ...seen, cache })
  const sight = openHistorySight(seen)
  const factsAtBy = factsByPolicy(policy, world.factsAt, (by) =>
    openHistorySight({ ...seen, policy: by }),
  )
  const cases = await findLogCases({
    history,
    compiled,
    world,
    rewrite,
    signal,
    isLogged: (place, target) => sight.targets.isLogged(place, target),
    callOf: callOfRequest,
    keysOf: questionKeysBy(secret),
  })
  return {
    ...cases,
    compiled,
    neighbours,
    seenOf(each, by) {
      const place = cases.placeOf(each)
      const facts = factsAtBy(by)(place)
      const at = history.at[place] as number
      return { facts, asked: { id: place, at, request: facts.request, bypass: null } }
    },
    entryOf(each) {
      const place = cases.servedBy(each)
      if (place === null) return null
      const bornMs = history.born[place] as number
      const answer = loggedAnswer(history, place)
      return { entry: { id: place, bornMs, answer }, similarity: 1 }
    },
    answerKeys(each) {
      const served = cases.servedBy(each)
      if (served === null) return null
      const hashAt = (place: number) =>
        history.lookup.answerOf(history.seq[place] as number)?.hash ?? null
      const [servedHash, ownHash] = [hashAt(served), hashAt(cases.placeOf(each))]
      return servedHash === null || ownHash === null ? null : { servedHash, ownHash }
    },
    expected(each, target) {
      const place = cases.placeOf(each)
      const { costNanoUsd, latencyMs } = sight.targets.isLogged(place, target)
        ? sight.targets.asLogged(place)
        : sight.targets.elsewhere(place, target)
      return { costNanoUsd, latencyMs: latencyMs === 0 ? null : latencyMs }
    },
    loggedText(seq) {
      return answerOf(history.lookup.answerOf(seq), null)?.text ?? null
    },
    assumptions: () => sight.assumptions().ratios,
  }
}

/** Classifiers and timeout classes are a policy's own. */
function factsByPolicy(
  candidate: Policy,
  factsAt: FactsAt,
  sightOf: (policy: Policy) => Pick<HistorySight, 'factsAt'>,
): (policy: Policy) => FactsAt {
  const known = new Map([[candidate, factsAt]])
  return (policy) => {
    const found = known.get(policy) ?? sightOf(policy).factsAt
    known.set(policy, found)
    return found
  }
}

/** The keys of a request's prompt and of its last question; null where it has no prompt. */
export function questionKeysBy(secret: string): (request: Request) => ReplayCase['keys'] {
  const hash = keyHash(secret)
  return ({ prompt }) => {
    if (prompt === undefined) return { promptKey: null, questionKey: null }
    const { promptKey, questionKey } = questionOf(prompt, hash)
    return { promptKey, questionKey }
  }
}
