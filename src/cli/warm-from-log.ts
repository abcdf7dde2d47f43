import type { Json } from '../domain/json.ts'
import { usdOf } from '../domain/money.ts'
import type { Reply } from '../domain/reply.ts'
import type { Answer, Request } from '../domain/request.ts'
import { UserError } from '../domain/user-error.ts'
import { keyHash } from '../engine/cache-key.ts'
import { mayBeRedacted } from '../ingest/redact.ts'
import { mayCompare, mayMatch } from '../policy/layers-in-use.ts'
import { formatCount, formatUsd } from '../report/numbers.ts'
import { contentModeOf } from '../serve/content-mode.ts'
import type { PolicyInForce } from '../serve/gateway-state.ts'
import { LiveAnswer } from '../serve/live-answer.ts'
import { openHistorySource } from '../store/history-source.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { openVectorCache } from '../store/vectors.ts'
import { loadHistory } from '../worlds/history.ts'
import { openHistorySight } from '../worlds/history-world.ts'
import { type Warmed, type WarmSkip, warmFromHistory, warmSkips } from '../worlds/warm-cache.ts'
import { collectGarbage } from './collect-garbage.ts'
import { interruptible } from './interrupt.ts'
import { type OpenLogs, openLogs } from './logs.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import type { ServeFlags } from './serve.ts'
import type { ServeCache } from './serve-cache.ts'
import { targetCosts } from './target-costs.ts'
import type { Terminal } from './terminal.ts'

export type WarmJob = {
  /** Files and folders of logs, or the one word "store". */
  readonly from: readonly string[]
  readonly flags: ServeFlags
  readonly terminal: Terminal
  readonly prices: RunPrices
  readonly inForce: Pick<PolicyInForce, 'compiled' | 'isPersonal'>
  readonly opened: Pick<ServeCache, 'cache' | 'embedder' | 'flush'>
  readonly now: () => number
}

/** What stands for all that was ever read or served. */
const wholeStore = 'store'

/**
 * Fills the cache of a gateway from logs, which are read into the store as by `analyze`, or from all that the store
 * holds. Says what was kept, and why other answers were not. Throws a UserError where there is nothing to read, or
 * Ctrl-C came.
 */
export async function warmFromLog(job: WarmJob): Promise<Warmed> {
  const { from, flags, terminal, prices, inForce } = job
  const { policy } = inForce.compiled
  if (from.length > 1 && from.includes(wholeStore)) throw mixed()
  if (flags.replayClock === true) throw replayed()
  if (!mayMatch(policy.cache) && !mayCompare(policy.cache)) throw noCache()
  const files = from[0] === wholeStore ? [] : from
  // What is kept of the texts of these logs is what is kept of those to come.
  const kept = { content: contentModeOf(policy, null), redact: policy.privacy.redact }
  const logs = await openLogs(files, { ...flags, ...kept }, terminal, prices)
  try {
    if (logs.interrupted) throw interrupted()
    const warmed = await interruptible(terminal, (signal) => warmFrom(job, logs, signal))
    const narrator = new Narrator(terminal, flags)
    for (const sentence of sentencesOf(warmed, job)) narrator.say(sentence)
    return warmed
  } finally {
    logs.store.close()
    // What a log took to read is not to be held as long as a gateway runs.
    collectGarbage()
  }
}

async function warmFrom(job: WarmJob, logs: OpenLogs, signal: AbortSignal): Promise<Warmed> {
  const { flags, terminal, prices, inForce, opened, now } = job
  const { cache, embedder, flush } = opened
  const { compiled, isPersonal } = inForce
  const { policy } = compiled
  const { database, secret } = logs.store
  const hash = keyHash(secret)
  const selection = { files: logs.files === null ? null : [...logs.files], where: [] }
  const source = openRequestSource(database, selection)
  const history = loadHistory(source, openHistorySource(database), openRequestLookup(database))
  const { factsAt } = openHistorySight({ history, policy, costOf: targetCosts(prices.book) })
  const narrator = new Narrator(terminal, flags)
  try {
    return await warmFromHistory(history, {
      cache,
      compiled,
      factsAt,
      embedder,
      ...(embedder?.isWorthStoring === true && { vectors: openVectorCache(database, hash) }),
      now: now(),
      answerOf: (answer, request) => servable(answer, request, isPersonal),
      idOf: ({ text }, { model, prompt }, bornMs) =>
        `log_${hash(JSON.stringify([model, prompt, bornMs, text])).slice(0, 16)}`,
      onProgress(done, total) {
        narrator.working('warming the cache', done, total)
        // More than some thousand that wait are not kept.
        flush()
      },
      signal,
    })
  } catch (error) {
    if (signal.aborted) throw interrupted()
    throw error
  } finally {
    narrator.clear()
  }
}

/** In the form in which a gateway serves answers; null where it would not have kept this one. */
function servable(
  { text = '' }: Answer,
  request: Request,
  isPersonal: PolicyInForce['isPersonal'],
): Answer | null {
  const { model, prompt } = request
  const said = [text, prompt ?? null] as Json
  if (mayBeRedacted(JSON.stringify(said)) || isPersonal?.(said, request) === true) return null
  const reply = { id: null, model, blocks: [{ kind: 'text', text }], finish: 'stop', usage: null }
  return new LiveAnswer(reply as Reply, null)
}

function sentencesOf(warmed: Warmed, { opened, inForce }: WarmJob): readonly string[] {
  const { kept, skipped, tokens, costNanoUsd, embedderFault } = warmed
  const { exact, semantic } = opened.cache.counts
  const left = warmSkips.filter((skip) => skipped[skip] > 0)
  const why = left.map((skip) => `${formatCount(skipped[skip])} ${skipWords[skip]}`)
  const entries = `${formatCount(exact.entries)} exact and ${formatCount(semantic.entries)} semantic entries now`
  const price = costNanoUsd === null ? 'an unknown price' : formatUsd(usdOf(costNanoUsd))
  const { serve, cache: settings } = inForce.compiled.policy
  return [
    `cache: ${formatCount(kept)} answers of the log taken over (${entries})`,
    ...(why.length > 0 ? [`cache: left out: ${why.join('; ')}`] : []),
    ...(tokens > 0 ? [`cache: ${formatCount(tokens)} tokens embedded for ${price}`] : []),
    ...(embedderFault === null ? [] : [`cache: the embedder failed: ${embedderFault}`]),
    ...(settings.namespace.kind === 'log' && serve.keys.length === 0 ? [ownKeys] : []),
  ]
}

const ownKeys =
  'cache: without cache.namespace and serve.keys callers share by their own provider key, which a log does not hold: only callers without one are served from it'

const skipWords: Readonly<Record<WarmSkip, string>> = {
  'over-limit': 'beyond what the cache can hold, the older ones',
  expired: 'older than their time to live',
  'not-whole': 'without a whole answer in words',
  'ruled-out': 'ruled out by the policy',
  repeated: 'answered again later',
  'no-text': 'whose texts the store does not hold as they were, or that are personal',
  held: 'in the cache already, or older than all in a cache that is full',
}

const mixed = (): UserError =>
  new UserError('--warm-from-log takes files, or the word store', {
    hint: 'the store holds the files that were read into it; a file of that name is ./store',
  })

const noCache = (): UserError =>
  new UserError('there is no cache to warm: the policy has both layers off', {
    hint: 'name a policy with a cache, or --threshold 0.92 --namespace user',
  })

const replayed = (): UserError =>
  new UserError('--warm-from-log does not go with --replay-clock', {
    hint: 'a replay begins with an empty cache, as the simulation does',
  })

const interrupted = (): UserError =>
  new UserError('stopped while the cache was being warmed', {
    hint: 'what was read stays in the store; --warm-from-log store goes on from there',
  })
