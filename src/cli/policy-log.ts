import type { RequestSource } from '../domain/columns.ts'
import type { Profile } from '../domain/row.ts'
import { noUsage } from '../domain/usage.ts'
import { type LogFacts, type LogField, logFields, type UsedModel } from '../policy/log-facts.ts'
import type { OpenPriceBook } from '../prices/price-book.ts'

/** What a log says that a policy for it should know. */
export function logFactsOf(source: RequestSource, book: OpenPriceBook): LogFacts {
  const byProfile = new Float64Array(source.profiles.length)
  const carrying = { user: 0, session: 0, trace: 0 }
  for (const segment of source.segments(['profile', 'user', 'session', 'trace'])) {
    for (let index = 0; index < segment.length; index++) {
      const profile = segment.profile[index] ?? 0
      byProfile[profile] = (byProfile[profile] ?? 0) + 1
      for (const key of keyFields) if (!Number.isNaN(segment[key][index])) carrying[key] += 1
    }
  }
  const counted = source.profiles.flatMap((profile, index) => {
    const requests = byProfile[index] ?? 0
    return requests === 0 ? [] : [{ profile, requests }]
  })
  const requestsWhere = (holds: (profile: Profile) => boolean) =>
    counted.reduce((sum, each) => sum + (holds(each.profile) ? each.requests : 0), 0)
  const ofField = (field: LogField) =>
    field === 'user' || field === 'session' || field === 'trace'
      ? carrying[field]
      : requestsWhere((profile) => profile[profileFieldOf[field]] !== null)
  return {
    requests: source.count,
    models: usedModels(counted, book),
    carrying: Object.fromEntries(
      logFields.map((field) => [field, ofField(field)]),
    ) as LogFacts['carrying'],
    batched: requestsWhere(({ serviceTier }) => serviceTier === 'batch'),
  }
}

const keyFields = ['user', 'session', 'trace'] as const

const profileFieldOf = {
  tenant: 'namespace',
  feature: 'feature',
  plan: 'plan',
  team: 'team',
  promptVersion: 'promptVersion',
  documentVersion: 'documentVersion',
} as const

type Counted = { readonly profile: Profile; readonly requests: number }

function usedModels(counted: readonly Counted[], book: OpenPriceBook): readonly UsedModel[] {
  const models = new Map<string, { provider: string; model: string; requests: number }>()
  for (const { profile, requests } of counted) {
    const { provider, model, operation } = profile
    if (provider === null || model === null || operation !== 'chat') continue
    const key = `${provider}:${model}`
    const entry = models.get(key) ?? { provider, model, requests: 0 }
    entry.requests += requests
    models.set(key, entry)
  }
  return [...models.values()]
    .map((each) => ({ ...each, usdPerMillion: blendedPrice(each, book) }))
    .sort((a, b) => b.requests - a.requests || (a.model < b.model ? -1 : 1))
}

/**
 * Three tokens in for one out, the blend in which price comparisons are usually quoted; few of them,
 * so that no long-context price applies.
 */
const blend = { ...noUsage, inputTokens: 3000, outputTokens: 1000 }
const blendsPerMillion = 1e6 / (blend.inputTokens + blend.outputTokens)

function blendedPrice(
  { provider, model }: Pick<UsedModel, 'provider' | 'model'>,
  book: OpenPriceBook,
): number | null {
  const pricing = book.price({ provider, model }, blend)
  if (pricing.kind !== 'priced') return null
  return ((pricing.cost.input + pricing.cost.output) / 1e9) * blendsPerMillion
}
