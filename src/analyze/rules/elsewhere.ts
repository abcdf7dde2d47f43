import { difficultyShift, flag, type Profile } from '../../domain/row.ts'
import {
  commandWith,
  count,
  counted,
  promptTokensOf,
  type Rule,
  type RuleColumns,
  tokenCostOf,
} from './rule.ts'

/** Nano-dollars per token of another way to get the same answer. */
export type Alternative = {
  readonly target: string
  readonly inputRate: number
  readonly cacheReadRate: number
  readonly cacheWriteRate: number
  readonly outputRate: number
}

const simple = 1
/** A prompt up to this long counts as short. */
const shortPromptTokens = 2000

/** Requests the `signals` preset calls simple, on a model that costs over three times the small one. */
export function expensiveOnSimple(smallFor: readonly (Alternative | undefined)[]): Rule {
  const targets = new Map<string, number>()
  return {
    kind: 'expensive-model-on-simple',
    saving(columns, row) {
      const small = smallFor[columns.profile[row] as number]
      const flags = columns.flags[row] as number
      if (small === undefined || ((flags >>> difficultyShift) & 3) !== simple) return 0
      if ((flags & (flag.hasTools | flag.hasImages | flag.servedFromCache)) !== 0) return 0
      if (promptTokensOf(columns, row) > shortPromptTokens) return 0
      const saving = tokenCostOf(columns, row) - costAt(columns, row, small)
      if (saving <= 0) return 0
      targets.set(small.target, (targets.get(small.target) ?? 0) + 1)
      return saving
    },
    describe: ({ requests }, { requests: all, inputs }) => ({
      title: `${count(requests)} of ${count(all)} requests ${requests === 1 ? 'is' : 'are'} short and simple, yet went to an expensive model`,
      evidence: `by the \`signals\` preset (factoid, greeting or command under 60 characters; prompt ≤ ${count(shortPromptTokens)} tokens), priced at ${[...targets.keys()].sort().join(', ')}`,
      caveat:
        'quality on the smaller model is unmeasured, and tokens are taken to be the same there',
      command: commandWith('analyze', [inputs, '--by model,feature'].filter(Boolean).join(' ')),
    }),
  }
}

/** The same model at another provider in the price book. */
export function cheaperElsewhere(offers: readonly (Alternative | undefined)[]): Rule {
  const targets = new Set<string>()
  return {
    kind: 'cheaper-elsewhere',
    saving(columns, row) {
      const offer = offers[columns.profile[row] as number]
      if (offer === undefined) return 0
      const saving = tokenCostOf(columns, row) - costAt(columns, row, offer)
      if (saving <= 0) return 0
      targets.add(offer.target)
      return saving
    },
    describe: ({ requests }) => ({
      title: `${counted(requests, 'request asks', 'requests ask')} for models that another provider offers cheaper`,
      evidence: `list prices of ${[...targets].sort().slice(0, 3).join(', ')}`,
      caveat:
        'check quantisation, context length, rate limits, data location and your contract prices before you move',
      command: commandWith('prices', [...targets].sort()[0]?.split(':').slice(1).join(':') ?? ''),
    }),
  }
}

function costAt(
  columns: RuleColumns,
  row: number,
  { inputRate, cacheReadRate, cacheWriteRate, outputRate }: Alternative,
): number {
  return (
    (columns.inputTokens[row] as number) * inputRate +
    (columns.cacheReadTokens[row] as number) * cacheReadRate +
    ((columns.cacheWrite5mTokens[row] as number) + (columns.cacheWrite1hTokens[row] as number)) *
      cacheWriteRate +
    (columns.outputTokens[row] as number) * outputRate
  )
}

/** Batch endpoints of OpenAI, Anthropic and Google cost half (their price pages; docs/methods.md). */
const batchShare = 0.5
const batchProviders: ReadonlySet<string> = new Set(['openai', 'anthropic', 'google', 'azure'])
const batchWords =
  /batch|bulk|nightly|offline|backfill|cron|index|embed|enrich|import|export|eval|digest|report|descriptions?/i
/** Requests in one minute without user or session that count as a burst. */
export const burstRequests = 30

/** Requests that nobody waits for, not yet sent through a batch endpoint. */
export function batchEligible(
  profiles: readonly Profile[],
  isBurst: (columns: RuleColumns, row: number) => boolean,
): Rule {
  const words = profiles.map((profile) =>
    batchWords.test([profile.feature, profile.task, profile.tags].join(' ')),
  )
  const open = profiles.map(
    ({ provider, serviceTier, status }) =>
      status === 'ok' &&
      batchProviders.has(provider ?? '') &&
      (serviceTier === null ||
        serviceTier === 'standard' ||
        serviceTier === 'default' ||
        serviceTier === 'auto'),
  )
  const found = { words: 0, bursts: 0 }
  return {
    kind: 'batch-eligible',
    saving(columns, row) {
      const profile = columns.profile[row] as number
      const flags = columns.flags[row] as number
      if (open[profile] !== true || (flags & (flag.streamed | flag.servedFromCache)) !== 0) return 0
      if (!Number.isNaN(columns.session[row] as number)) return 0
      const named = words[profile] === true
      if (!named && !isBurst(columns, row)) return 0
      if (named) found.words++
      else found.bursts++
      return tokenCostOf(columns, row) * batchShare
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'request')} that nobody waits for could go through a batch endpoint at half price`,
      evidence: `no session, not streamed; ${count(found.words)} by the name of their feature, task or tags, ${count(found.bursts)} in bursts of ≥ ${burstRequests} a minute without a user`,
      caveat: 'a batch may take up to 24 hours',
      command: commandWith('analyze', [inputs, '--by feature,hour'].filter(Boolean).join(' ')),
    }),
  }
}
